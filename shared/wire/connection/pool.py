"""Connections that wait for their next call."""

import time

from shared.wire.connection.keep import DISTRUST_S, KEEP_S, LOST_AT_MOST
from shared.wire.connection.link import Link
from shared.wire.request import Origin


class Pool:
    """Idle links by origin, the last one given first: it is the least likely dead.

    Taking and giving cost the same whatever the number. A link that becomes readable
    here is dead, or its server sent what nobody asked for, and is dropped.
    """

    def __init__(self) -> None:
        # Dicts, because they are ordered, pop at the end and delete in the middle.
        self._idle: dict[Origin, dict[Link, None]] = {}
        self._lost: dict[Origin, list[float]] = {}
        """When links were lost under their second request, since one served that."""

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))

    def count(self, origin: Origin) -> int:
        """Idle links to one origin."""
        return len(self._idle.get(origin, ()))

    def take(self, origin: Origin) -> Link | None:
        """The link that was given last; None when there is none.

        It is looked at once more: its end may be there, and the loop not have seen it.
        """
        idle = self._idle.get(origin)
        while idle:
            link, _ = idle.popitem()
            if link.kept_until_s > time.monotonic():
                link.read_pending()
                if not link.closed:
                    return link
            link.close()
        return None

    def give(self, link: Link, keep_s: float = KEEP_S) -> None:
        """Keep an open link whose last answer is complete, for so many seconds; where
        those of its origin are lost again and again, close it."""
        lost = self._lost.get(link.origin, [])
        if link.calls > 1:
            self._lost.pop(link.origin, None)
        elif (
            link.calls
            and len(lost) >= LOST_AT_MOST
            and time.monotonic() < lost[-1] + DISTRUST_S
        ):
            return link.close()
        link.user = self
        link.kept_until_s = time.monotonic() + keep_s
        idle = self._idle.get(link.origin)
        if idle is None:
            idle = self._idle[link.origin] = {}
        idle[link] = None

    def lost(self, link: Link) -> None:
        """A kept link ended under a request."""
        if link.calls == 2:
            self._lost.setdefault(link.origin, []).append(time.monotonic())

    def prune(self) -> None:
        """Close those whose time is over."""
        now_s = time.monotonic()
        for idle in self._idle.values():
            for link in [link for link in idle if link.kept_until_s <= now_s]:
                self._drop(link)

    def close(self) -> None:
        """Close all of them."""
        for idle in self._idle.values():
            for link in idle:
                link.close()
        self._idle.clear()

    def on_bytes(
        self, link: Link, stamp_s: float, data: bytes, slack_s: float, dated: bool
    ) -> None:
        self._drop(link)

    def on_closed(self, link: Link, at_s: float, clean: bool, detail: str) -> None:
        self._drop(link)

    def on_broken(self, link: Link, detail: str) -> None:
        self._drop(link)

    def _drop(self, link: Link) -> None:
        self._idle[link.origin].pop(link, None)
        link.close()
