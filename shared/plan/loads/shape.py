"""What a load shape has to answer, and what open and closed ones have in common."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Protocol, Self

from shared.plan.loads.fields import UNCAPPED


class LoadShape(Protocol):
    """When calls begin, and how many may be open: pure functions of a load's fields."""

    @property
    def kind(self) -> str:
        """Its name in a plan."""

    @property
    def count(self) -> int | None:
        """How many slots it is asked to run."""

    @property
    def duration_s(self) -> float | None:
        """After how long nothing begins any more."""

    @property
    def warmup(self) -> int:
        """How many slots are run first, and not counted."""

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """Seconds after the step's start at which each slot is due, never decreasing;
        None for a closed load, where a slot begins as soon as a lane is free.

        It may end: then there are no more slots. Random numbers come from
        `rng.random()`, the one method that later Pythons promise not to change.
        """

    def lanes(self, elapsed_s: float) -> int:
        """How many calls may be open that long after the step's start."""

    def most_lanes(self) -> int:
        """The largest value that `lanes` ever has."""

    def slots(self, asked: int) -> int | None:
        """How many slots a step has where the plan asks `asked` questions; None while
        only time ends it."""

    def slots_by(self, elapsed_s: float) -> float | None:
        """The mean number of slots due by then, which is within `duration_s`; None for
        a closed load."""

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """The same with other values, which are not checked."""


class _Ends(Protocol):
    @property
    def count(self) -> int | None: ...
    @property
    def duration_s(self) -> float | None: ...


class _Capped(Protocol):
    @property
    def max_in_flight(self) -> int | None: ...


class OpenLoad:
    """What loads with due times have in common."""

    def lanes(self: _Capped, elapsed_s: float) -> int:
        """`max_in_flight` at all times."""
        return self.max_in_flight or UNCAPPED

    def most_lanes(self: _Capped) -> int:
        """`max_in_flight`, or UNCAPPED."""
        return self.max_in_flight or UNCAPPED

    def slots(self: _Ends, asked: int) -> int | None:
        """`count`, or all that the plan asks, or None where time ends it."""
        return slots_asked(self, asked)


class ClosedLoad:
    """What loads have in common in which a call begins when another ends."""

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """None: nothing is due."""
        return None

    def slots_by(self, elapsed_s: float) -> float | None:
        """None: the upstream decides."""
        return None

    def slots(self: _Ends, asked: int) -> int | None:
        """`count`, or all that the plan asks, or None where time ends it."""
        return slots_asked(self, asked)


def capped_lanes(load: _Capped) -> int:
    """`max_in_flight`, or UNCAPPED."""
    return load.max_in_flight or UNCAPPED


def slots_asked(load: _Ends, asked: int) -> int | None:
    """`count`; else None where time ends it; else all `asked`."""
    return asked if load.count is None and load.duration_s is None else load.count


def is_open(load: LoadShape) -> bool:
    """Whether slots have due times, whatever becomes of the calls before."""
    return load.slots_by(0) is not None
