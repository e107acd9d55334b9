"""What a worker saw of itself at work on one shard: evidence for the verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.settings import Settings
from shared.store.run.leases import Lease
from shared.wire import StampCounts
from worker.telemetry import machine, set_as


def of_lease(lease: Lease) -> dict[str, Any]:
    """Of which share of which step it is."""
    return {
        "step": lease.step.number,
        "segment": lease.segment,
        "shard": lease.shard,
        "shards": lease.shards,
        "epoch": lease.epoch,
    }


def of_process(
    at: Sequence[Settings], before: StampCounts, after: StampCounts
) -> dict[str, Any]:
    """Of the machine, the settings at each upstream, and the stamps between two
    readings."""
    return {
        **machine(),
        "kernel_stamps": after.kernel - before.kernel,
        "loop_stamps": after.loop - before.loop,
        "clamped_stamps": after.clamped - before.clamped,
        **set_as(at),
    }


def of_waits(waits: Mapping[str, int], paused: set[str]) -> dict[str, Any]:
    """Of what slots waited for, and which targets were held up."""
    return {"waits": dict(waits), "paused": sorted(paused)}
