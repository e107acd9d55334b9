"""What a worker saw of itself at work on one shard: evidence for the verdict."""

from collections.abc import Mapping
from typing import Any

from shared.settings import Settings
from shared.store.slots import Lease
from shared.upstream.wire import StampCounts
from worker.watch import machine

_REPORTED = {
    *("openrouter_base_url", "upstream_kind", "max_concurrency", "max_answer_bytes"),
    *("connect_timeout_s", "first_token_timeout_s", "idle_timeout_s"),
    *("total_timeout_s", "lease_s", "heartbeat_s", "drain_s", "outage_s"),
}
"""Settings that are stored with a result; none of them is a secret."""


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
    settings: Settings, before: StampCounts, after: StampCounts
) -> dict[str, Any]:
    """Of the machine, the settings and the stamps between two readings."""
    proxy = settings.upstream_proxy
    return {
        **machine(),
        "kernel_stamps": after.kernel - before.kernel,
        "loop_stamps": after.loop - before.loop,
        "clamped_stamps": after.clamped - before.clamped,
        # without credentials
        "proxy": None if proxy is None else proxy.rpartition("@")[2],
        "settings": settings.model_dump(mode="json", include=_REPORTED),
    }


def of_waits(waits: Mapping[str, int], paused: set[str]) -> dict[str, Any]:
    """Of what slots waited for, and which targets were held up."""
    return {"waits": dict(waits), "paused": sorted(paused)}
