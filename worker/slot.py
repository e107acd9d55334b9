"""A slot that a worker has taken and not begun yet."""

from typing import NamedTuple


class Slot(NamedTuple):
    """A slot in hand, ordered by when it is due."""

    due_s: float
    """Absolute, monotonic; 0 in a closed load, where nothing is due."""
    number: int
    attempt: int
    retries: int = 0
    """How often the plan has retried it. A slot that was sent when it was due waits for
    a lane, and is not dropped now."""

    @property
    def offered_again(self) -> bool:
        """Whether an attempt of it was no answer: turned away, cut by us, or lost with
        a connection that we had kept."""
        return self.attempt > self.retries
