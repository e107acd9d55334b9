"""How the parts of a shard ask whether it goes on, and how they stop it."""

from typing import Protocol

from shared.run import Ending
from worker.stop import Stop


class Life(Protocol):
    """Of one shard."""

    @property
    def why(self) -> Stop | None:
        """Why no more calls begin; None while they do."""

    def stop(self, why: Stop) -> None:
        """Begin no more calls."""

    def wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""

    def end(self, ending: Ending, error: str | None = None) -> None:
        """No further call is of use: the run ends when the open calls have ended."""

    def wake(self) -> None:
        """Something has changed: look at once whether slots are to be taken."""
