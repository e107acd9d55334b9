"""Values as counts on a logarithmic scale: added one by one, merged, and kept as few
buckets, however many there are. Pure."""

from collections import Counter
from math import exp, floor, log

FINE = 1.002
"""A value is known to 0.1 %."""
COARSE = 1.02
"""To 1 %, which no eye sees in a line."""


class Buckets:
    """Positive values, each known as its bucket; what is 0 or less is left out."""

    __slots__ = ("_asked", "_counts", "_step", "n")

    def __init__(self, step: float) -> None:
        """step: the end of each bucket over its beginning."""
        self._step = log(step)
        self._counts: Counter[int] = Counter()
        self._asked: dict[float, float] = {}
        self.n = 0

    def add(self, value: float) -> None:
        """One value more."""
        if value > 0:
            self._counts[floor(log(value) / self._step)] += 1
            self.n += 1
            self._asked.clear()

    def merge(self, other: "Buckets") -> None:
        """All values of another one with the same step."""
        self._counts.update(other._counts)
        self.n += other.n
        self._asked.clear()

    def at(self, share: float) -> float | None:
        """The value that this share of all values does not exceed: the middle of its
        bucket. None without a value.

        >>> times = Buckets(FINE)
        >>> for value in (0.1, 0.2, 0.4):
        ...     times.add(value)
        >>> round(times.at(0.5), 3)
        0.2
        """
        if not self.n:
            return None
        if share not in self._asked:
            self._asked[share] = self._found(share)
        return self._asked[share]

    def _found(self, share: float) -> float:
        """Of an even number the lower of the two in the middle counts."""
        left = share * self.n
        for bucket in sorted(self._counts):
            left -= self._counts[bucket]
            if left <= 1e-9:
                break
        return exp((bucket + 0.5) * self._step)
