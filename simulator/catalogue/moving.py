"""A router whose shares move: it stays with a choice for a while, then takes another.

So an unpinned model is served now by one provider and now by another, as behind a real
router. The ledger tells who answered each call.
"""

from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class MovingShares:
    """Of one model. Its draws stand for those that each call would make by itself."""

    rng: Random
    calls: float
    """It moves after so many of them, in the mean."""
    _draw: float | None = None

    def draw(self) -> float:
        """Where the next call falls, in [0, 1)."""
        if self._draw is None:
            self._draw = self.rng.random()
        elif self.rng.random() < 1 / self.calls:
            self._draw = (self._draw + 0.5) % 1  # far enough to meet another provider
        return self._draw
