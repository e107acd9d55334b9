"""Why a shard begins no more calls."""

from enum import StrEnum


class Stop(StrEnum):
    """The first reason stays, unless the run ended or the lease was lost after it."""

    EXHAUSTED = "exhausted"
    """No slot is left to take."""
    TIME = "time"
    """The step's time is over."""
    DRAIN = "drain"
    """This process was asked to end."""
    PAUSED = "paused"
    """By the user; calls in flight finish and are committed."""
    WAITING = "waiting"
    """The upstream's limit on our account bars every slot."""
    HOPELESS = "hopeless"
    """The key was refused or the credit is gone: every further call would fail."""
    ENDED = "ended"
    """The run has ended or gone on to another step: no more rows are taken."""
    LOST = "lost"
    """The lease passed to another, or could not be renewed in time."""
