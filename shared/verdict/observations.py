"""What the workers observed of themselves during a run, as evidence for the verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from pydantic import ConfigDict

from shared.fields import TOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What the workers saw of themselves during a run. None: nobody looked."""

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    loop_lag_p99_s: float | None = None
    """How late the event loop woke up, seconds; the worst worker's."""
    cpu_share: float | None = None
    """CPU time per wall time of the worker's process; the worst worker's."""
    kernel_stamps: int | None = None
    """Reads stamped by the kernel."""
    loop_stamps: int | None = None
    """Reads stamped by the event loop, because the kernel's stamp was not there."""
    clamped_stamps: int | None = None
    """Kernel stamps outside their possible range, replaced by the loop's."""
    clock_error_s: float | None = None
    """Half the best round trip to the store; the worst worker's."""
    interrupted_shards: int | None = None
    """Shares of the work whose worker went silent."""
    overlapping_shards: int | None = None
    """Shards that two workers carried at once, for a while; each counts once a step."""
    gap_s: float | None = None
    """How long nobody worked on the run after it had begun: pauses, waits, restarts."""
    outages: int | None = None
    """How often the upstream, or a target, was down, and the run waited for it."""
    outage_s: float | None = None
    """For how long, in all."""
    paused_targets: tuple[str, ...] | None = None
    """Labels of the targets that a limit barred for a while."""
    versions: tuple[str, ...] | None = None
    """Versions of the generator."""
    hosts: tuple[str, ...] | None = None
    """Where the workers ran."""
    gc_policy: tuple[str, ...] | None = None
    """`off`: no collection began by itself while calls were timed; else `on`."""
    unaccounted_usd: float | None = None
    """The most that may have been billed beyond what the rows tell."""
    keys: tuple[str, ...] | None = None
    """One print for each key that was used, after the name of an upstream that has one:
    `shared.upstream.identity`."""
    beside: tuple[str, ...] | None = None
    """Ids of the runs that were measured on the same upstream at the same time."""
    reworded: tuple[str, ...] | None = None
    """Sentences: which targets were not asked as usual, because they refuse that."""
    proxy: str | None = None
    """The proxy between us and the upstream, without credentials."""


def together(each: Iterable[Observations]) -> Observations:
    """What several workers saw, as one: the worst, the sums, every name once.

    None stays None only where nobody looked.
    """
    seen = tuple(each)
    merged = {
        field.name: _merge([getattr(one, field.name) for one in seen])
        for field in fields(Observations)
    }
    return Observations(**merged)


def _merge(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], tuple):
        return tuple(sorted({label for labels in known for label in labels}))
    if isinstance(known[0], int):
        return sum(known)
    return max(known)
