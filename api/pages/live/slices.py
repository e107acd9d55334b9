"""Time cut into equal slices, twice as long whenever there would be too many. Pure."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, Self, TypeVar

LEAST_S = 1.0


class Summed(Protocol):
    """What a slice holds."""

    def merge(self, other: Self) -> None:
        """Take in what the slice after it holds."""


T = TypeVar("T", bound=Summed)


class Slices(Generic[T]):
    """What happened in each slice since a moment; of empty slices nothing is kept."""

    def __init__(self, new: Callable[[], T], most: int) -> None:
        self._new = new
        self._most = most
        self._made: dict[int, T] = {}
        self.width_s = LEAST_S

    def at(self, at_s: float) -> T:
        """The slice of a moment."""
        while at_s >= self.width_s * self._most:
            self._widen()
        place = max(0, int(at_s / self.width_s))
        if place not in self._made:
            self._made[place] = self._new()
        return self._made[place]

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """Those that were made, in order, each with its number."""
        return iter(sorted(self._made.items(), key=lambda item: item[0]))

    def get(self, place: int) -> T | None:
        """The slice of this number, if anything happened in it."""
        return self._made.get(place)

    def middle_s(self, place: int) -> float:
        """When the middle of a slice is."""
        return round((place + 0.5) * self.width_s, 3)

    def _widen(self) -> None:
        self.width_s *= 2
        before, self._made = self._made, {}
        for place in sorted(before):
            if place // 2 in self._made:
                self._made[place // 2].merge(before[place])
            else:
                self._made[place // 2] = before[place]
