"""Due times by index: what a shard, which has each k-th slot, asks for."""

from array import array
from itertools import islice, takewhile
from random import Random

from shared.plan.loads import Load

_AHEAD = 1024


class DueTimes:
    """When each slot of one step is due, in seconds after its start, by index.

    A pure function of its arguments: every worker that makes one sees the same times.
    They are made as far as asked for and kept: 8 bytes each, and about
    0.2 us where the shape has a closed form.
    """

    def __init__(
        self,
        load: Load,
        seed: str,
        count: int | None = None,
        duration_s: float | None = None,
    ) -> None:
        """`seed` names the plan's seed and the step; `count`, `duration_s` end it."""
        # A str seed goes through SHA-512 in every Python; a hash() would not.
        times = load.due_times(Random(seed))
        self.closed = times is None
        """A closed load: nothing is due, and `due` is None for every index."""
        if times is None:
            times = iter(())
        if duration_s is not None:
            times = takewhile(lambda due_s: due_s < duration_s, times)
        self._rest = islice(times, count)
        self._made = array("d")

    def due(self, index: int) -> float | None:
        """When the slot at `index` is due; None past the last, and in a closed load.

        Raises IndexError for a negative index.
        """
        if index < 0:
            raise IndexError(f"slot {index} does not exist; slots count from 0")
        missing = index + 1 - len(self._made)
        if missing > 0:
            self._made.extend(islice(self._rest, missing + _AHEAD))
        return self._made[index] if index < len(self._made) else None

    def number(self) -> int:
        """How many slots are due in all, which makes every due time; 0 in a closed
        load. Never ends where nothing ends the load."""
        self._made.extend(self._rest)
        return len(self._made)
