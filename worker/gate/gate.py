"""The one thing that all gates are: asked before a call whether it may be sent."""

from typing import Protocol

from shared.plan import Work


class Gate(Protocol):
    """A limit, a budget, a pace, a rest, an outage: what may keep a call back.

    A new one is a module with these methods and its place in `Gates.in_order`. Moments
    are monotonic seconds. What is shut for a known time is kept in `Openings`.
    """

    def names(self, target: int) -> tuple[str, ...]:
        """Under which names in `Openings` it may be shut for this target."""
        return ()

    def is_open(self, asked: Work) -> bool:
        """Whether the call may be sent with no question to the store. This is on the
        timing path of each call."""
        ...

    def again_s(self, asked: Work) -> float | None:
        """When the slot may come again, where that is known without a question to the
        store; None: it is not known to be shut."""
        return None

    async def leave(self, asked: Work, call_id: str) -> float | None:
        """Ask the store. None: this gate lets the call pass; else when its slot may
        come again."""
        return None

    async def unused(self, asked: Work, call_id: str) -> None:
        """Its leave was given, and the call is not sent."""
        return None
