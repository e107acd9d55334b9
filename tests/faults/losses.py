"""Calls that were made again, what each is put down to, and what a storm has found."""

from dataclasses import dataclass, field
from typing import Literal

from tests.faults.talk import Called

Victim = Literal["worker", "store", "api", "reducer"]
UNDER_WAY_S = 0.25
"""So long after its sender's death the upstream may be reading a request."""


@dataclass
class Disturbance:
    """Why a call may have been made again."""

    at_s: float
    """When the worker was dead, or the store there again."""
    of: Victim
    lanes: int | None = None
    """Of the worker, all its shards together: no more calls may be lost with it. None:
    rows that waited for the store were lost as well."""
    calls: int = 0
    """Calls that it cost."""


def repeated(calls: list[Called]) -> list[Called]:
    """Those that were followed by another one of the same prompt: each prompt has one
    slot and one row, so these were paid for nothing."""
    ordered = sorted(calls, key=lambda call: call.at_s)
    last = {call.prompt: call for call in ordered}
    return [call for call in ordered if call is not last[call.prompt]]


def blamed(calls: list[Called], disturbances: list[Disturbance]) -> int:
    """Put each of these calls, which were made again, down to the first disturbance
    after its start; how many have none."""
    unexplained = 0
    for call in calls:
        after = (d for d in disturbances if call.at_s <= d.at_s + UNDER_WAY_S)
        first = min(after, key=lambda d: d.at_s, default=None)
        if first is None:
            unexplained += 1
        else:
            first.calls += 1
    return unexplained


@dataclass
class Report:
    """What a storm did, and what it found."""

    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    jobs: int = 0
    rows: int = 0
    acknowledged: int = 0
    """Rows that were seen counted before some kill."""
    lost: int = 0
    twice: int = 0
    mismatches: int = 0
    failed_jobs: int = 0
    paid_lost: int = 0
    """Calls that were made again."""
    paid_lost_most: int = 0
    """The most that one kill of a worker has cost."""
    paid_lost_beyond: int = 0
    """The most that one has cost beyond the lanes of that worker."""
    kills_after_store: int = 0
    """Kills of workers that had perhaps not noticed yet that the store was back; they
    are in neither of the two."""
    paid_lost_after_store: int = 0
    """Calls that these have cost."""
    paid_lost_to_nothing: int = 0
    """Those that no kill of a worker and no long outage explains."""
    takeovers_s: list[float] = field(default_factory=list)
    jobs_made: int = 0
    """By POSTs with an Idempotency-Key, repeated until one was answered."""

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def killed(self, victim: Victim) -> None:
        self.kills[victim] = self.kills.get(victim, 0) + 1
