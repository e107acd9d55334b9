"""The life story of a plan: its states, the legal ways between them, its endings."""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.about import NOTHING, About

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PREFIX = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,25}")
_JOB_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_newest = 0
"""The last id that this process made, as a number."""


class Status(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    REDUCING = "reducing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen."""
        return not NEXT[self]


NEXT: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.PAUSED, Status.REDUCING}),
    Status.RUNNING: frozenset({Status.WAITING, Status.PAUSED, Status.REDUCING}),
    Status.WAITING: frozenset({Status.RUNNING, Status.PAUSED, Status.REDUCING}),
    Status.PAUSED: frozenset({Status.QUEUED, Status.REDUCING}),
    Status.REDUCING: frozenset({Status.DONE, Status.CANCELLED, Status.FAILED}),
    Status.DONE: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.FAILED: frozenset(),
}
"""The legal ways. Only `shared.store.run.states.move` and the claim walk them."""


def before(status: Status) -> tuple[Status, ...]:
    """The states from which `status` may be entered."""
    return tuple(origin for origin, ways in NEXT.items() if status in ways)


class Ending(StrEnum):
    """Why the run came to its reduce; set once, on entering `reducing`."""

    COMPLETED = "completed"
    """All slots closed, or time over."""
    BUDGET = "budget"
    ERROR_LIMIT = "error_limit"
    UPSTREAM_DOWN = "upstream_down"
    """The upstream was down for longer than OUTAGE_S."""
    FIND = "find"
    DECIDED = "decided"
    """At a planned look all questions of `until` were answered."""
    CANCELLED = "cancelled"
    BAD_KEY = "bad_key"
    NO_CREDIT = "no_credit"
    POISON = "poison"
    STORE_LOST = "store_lost"
    BUG = "bug"

    @property
    def status(self) -> Status:
        """The terminal state that this ending leads to."""
        if self is Ending.CANCELLED:
            return Status.CANCELLED
        if self in _NEEDS_A_PERSON:
            return Status.FAILED
        return Status.DONE


_NEEDS_A_PERSON = frozenset(
    {
        *(Ending.BAD_KEY, Ending.NO_CREDIT, Ending.UPSTREAM_DOWN),
        *(Ending.POISON, Ending.STORE_LOST, Ending.BUG),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One reading of a run's record."""

    job_id: str
    status: Status
    submitter: str
    """Who shares the workers by turns: a name that was given, or the token's."""
    owner: str | None = None
    """The id of the token that made it; None: it belongs to nobody."""
    targets: tuple[str, ...]
    """Labels, for lists; the plan itself is a record of its own."""
    about: About = NOTHING
    """What people say of it."""
    created_at: float
    """Unix seconds of the store's clock, like all times here."""
    started_at: float | None = None
    """When the first shard was claimed."""
    ended_at: float | None = None
    until: float | None = None
    """In `waiting`: when the upstream's limit opens, or it is tried again."""
    down: str | None = None
    """In `waiting` for an upstream that is down: its own words, or the connection's."""
    shut: str | None = None
    """In `waiting` for something to open: what that is, in words. None: not known."""
    step: int = 0
    segment: int = 0
    closed: int = 0
    """Slots closed outside warm-up."""
    failed: int = 0
    """Those of them that did not end `ok`."""
    total: int | None = None
    """Slots outside warm-up; None while only time ends the run."""
    ending: Ending | None = None
    error: str | None = None
    """The sentence of a failure, or of the last failed attempt to reduce."""
    blocked: str | None = None
    """In `reducing`: the sentence of the last try to write the results."""
    warnings: tuple[str, ...] = ()
    listed: tuple[dict[str, Any], ...] = ()
    """What the upstream said of the providers that the plan asked for, each a
    `ListedProvider`; not in lists."""
    rerun_of: str | None = None
    exclusive: bool = False
    """It is measured alone on its upstream."""
    traceparent: str | None = None
    """Where it was asked for in a trace (`tracing`); None: in none."""
    stalled_s: float | None = None
    """In `running`: how long no shard has been alive; None while one is."""
    rested_s: float = 0.0
    """How long nobody has worked on it by now since it was paused, or waits; else 0."""
    interrupted: int = 0
    """Shards whose worker went silent: taken over, or silent when their step ended."""
    gap_s: float | None = 0.0
    """How long nobody worked on it between its segments: pauses, waits, restarts. None:
    of a run that was kept before that was counted."""
    outages: int = 0
    """How often the upstream, or a target of it, was down."""
    outage_s: float = 0.0
    """For how long, in all."""
    overlaps: int = 0
    """Shards of which rows came from a worker whose lease had passed to another; each
    counts once a step."""
    duplicates: int = 0
    """Rows refused because their slot was closed already."""
    max_usd: float | None = None
    """The budget; None: none was asked for."""
    spent_usd: float | None = None
    """Billed, as rows say; warm-up and failures too. None: of a run that was kept
    before money was counted."""
    held_usd: float | None = None
    """The worst cost of the calls that are open under the budget."""
    unaccounted_usd: float | None = None
    """The most that may have been billed beyond what the rows tell."""
    judging: bool = False
    """It has judges, who are asked in `reducing`, before its results are made."""
    judged: int = 0
    """Opinions of judges by now."""
    to_judge: int | None = None
    """How many there may be; None: nobody has begun."""

    def worked_s(self, now: float) -> float | None:
        """How long somebody has worked on it: without pauses, waits and changes of
        workers. None before the first worker, and where gaps were not counted.

        now: Unix seconds of the store's clock.
        """
        if self.started_at is None or self.gap_s is None:
            return None
        away_s = self.gap_s + self.rested_s + (self.stalled_s or 0.0)
        wall_s = (self.ended_at or now) - self.started_at
        return round(max(0.0, wall_s - away_s), 3)


def new_job_id(now_s: float) -> str:
    """26 characters: milliseconds since the epoch, then 80 random bits (a ULID).

    Sorts by time of creation, as the queue does; of those that one process makes within
    a millisecond, each is larger than the one before it by 48 random bits. Cannot be
    guessed; safe in a path and in a URL.
    """
    global _newest
    number = (int(now_s * 1000) << 80) | secrets.randbits(80)
    if number >> 80 == _newest >> 80:
        number = _newest + 1 + secrets.randbits(48)
    _newest = number
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def created_at(job_id: str) -> float:
    """When a run was made, Unix seconds: what its id begins with.

    >>> created_at("01JZ0000000000000000000000")
    1751272914.944
    """
    number = 0
    for character in job_id[:10]:
        number = number * 32 + _ALPHABET.index(character)
    return number / 1000


def is_id_prefix(text: str) -> bool:
    """Whether an id of ours may begin with `text`: four characters or more."""
    return _PREFIX.fullmatch(text) is not None


def is_job_id(text: str) -> bool:
    """Whether `text` has the form of an id of ours."""
    return _JOB_ID.fullmatch(text) is not None
