"""Calls as marks of the strip: one each, and beyond some number one for those of a
short time that one provider served and that came to the same. Pure."""

from typing import NamedTuple, Self

from api.pages.live.buckets import COARSE, Buckets
from api.pages.live.slices import Slices

MOST_MARKS = 1_500
"""Of all lanes together; more of them have a mark for several calls."""
_SLICES = 120
MOST_PROVIDERS = 12
"""With a name of their own."""


class MarkKind(NamedTuple):
    """What calls of one mark have in common."""

    target: int
    provider: int
    """Its place among the providers; -1: the upstream did not say."""
    outcome: str
    """"" of a call that succeeded."""


class _Calls:
    __slots__ = ("n", "times")

    def __init__(self) -> None:
        self.n = 0
        self.times = Buckets(COARSE)

    def merge(self, other: Self) -> None:
        self.n += other.n
        self.times.merge(other.times)


class Marks:
    """All calls so far."""

    def __init__(self) -> None:
        self._each: list[tuple[MarkKind, float, float | None]] | None = []
        self._sliced: dict[MarkKind, Slices[_Calls]] = {}
        self.providers: list[str] = []

    @property
    def singly(self) -> bool:
        """Whether each call has its own mark."""
        return self._each is not None

    def add(
        self,
        target: int,
        provider: str | None,
        outcome: str,
        at_s: float,
        value_s: float | None,
    ) -> None:
        """One call, that began at `at_s`. value_s: its height in the lane."""
        kind = MarkKind(target, self._place(provider), outcome)
        if self._each is not None:
            self._each.append((kind, at_s, value_s))
            if len(self._each) <= MOST_MARKS:
                return
            earlier, self._each = self._each, None
            for one in earlier:
                self._slice(*one)
            return
        self._slice(kind, at_s, value_s)

    def of_lane(self, target: int) -> list[tuple[float, float | None, int, str, int]]:
        """When, its time, by whom, which failure, and how many calls it is."""
        if self._each is not None:
            return [
                (round(at_s, 2), _short(value_s), kind.provider, kind.outcome, 1)
                for kind, at_s, value_s in self._each
                if kind.target == target
            ]
        return [
            (
                slices.middle_s(place),
                _short(calls.times.at(0.5)),
                kind.provider,
                kind.outcome,
                calls.n,
            )
            for kind, slices in self._sliced.items()
            if kind.target == target
            for place, calls in slices
        ]

    def _slice(self, kind: MarkKind, at_s: float, value_s: float | None) -> None:
        if kind not in self._sliced:
            self._sliced[kind] = Slices(_Calls, _SLICES)
        calls = self._sliced[kind].at(at_s)
        calls.n += 1
        if value_s is not None:
            calls.times.add(value_s)

    def _place(self, provider: str | None) -> int:
        if provider is None:
            return -1
        if provider not in self.providers:
            if len(self.providers) > MOST_PROVIDERS:
                return MOST_PROVIDERS
            full = len(self.providers) == MOST_PROVIDERS
            self.providers.append("others" if full else provider)
            return len(self.providers) - 1
        return self.providers.index(provider)


def _short(value_s: float | None) -> float | None:
    """Three digits: a place in a picture."""
    return None if value_s is None else float(f"{value_s:.3g}")
