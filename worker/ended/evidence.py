"""What the store knows of a run beside its rows: evidence for the verdict, and the pace
that an adaptive load has found."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from shared.analysis import Pace
from shared.plan import Plan
from shared.run import Run
from shared.store.run import samples
from shared.store.upstream import pace
from shared.verdict import Observations, together


async def observations(
    redis: Redis, run: Run, reported: Sequence[dict[str, Any]]
) -> Observations:
    """What the workers `reported` of themselves, and what the store saw of them."""
    each = [
        Observations(
            loop_lag_p99_s=one["loop_lag_p99_s"],
            cpu_share=one["cpu_share"],
            kernel_stamps=one["kernel_stamps"],
            loop_stamps=one["loop_stamps"],
            clamped_stamps=one["clamped_stamps"],
            clock_error_s=one["clock_error_s"],
            paused_targets=tuple(one.get("paused", ())),
            versions=(one["generator"],),
            hosts=(one["host"],),
            gc_policy=(one["gc_policy"],) if "gc_policy" in one else None,
            reworded=tuple(one.get("reworded", ())),
            proxy=one["proxy"],
        )
        for one in reported
    ]
    by_store = Observations(
        interrupted_shards=run.interrupted,
        overlapping_shards=run.overlaps,
        keys=await samples.asked_with_each(redis, run.job_id),
        beside=await samples.beside(redis, run.job_id),
        gap_s=run.gap_s or None,
        outages=run.outages or None,
        outage_s=run.outage_s or None,
        unaccounted_usd=run.unaccounted_usd,
    )
    return together([*each, by_store])


async def paces(redis: Redis, plan: Plan, job_id: str) -> tuple[Pace, ...]:
    """What an adaptive load has found; () under another."""
    found = await pace.found(redis, job_id, len(plan.targets))
    return tuple(
        Pace(
            target=target.label(),
            per_minute=one.per_minute,
            throttled_at_per_minute=one.throttled_at,
            throttled_share=one.throttled / one.calls if one.calls else None,
            held_throttled_share=(
                one.held_throttled / one.held_calls if one.held_calls else None
            ),
            changes=one.changes,
        )
        for target, one in zip(plan.targets, found, strict=True)
        if one is not None
    )
