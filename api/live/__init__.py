"""Answers that take their time: events as they happen, and waiting for an end.

`stream` is how server-sent events are sent, `follow` a run's events for one client,
`prefer` the header `Prefer: wait`, `presence` work for a client that may leave.

May import: `shared`, `api.errors`, `api.schemas`, `api.parts`.
"""

from api.live.follow import follower_of
from api.live.prefer import ended_within, wait_asked_s
from api.live.presence import unless_gone
from api.live.stream import KEEP_ALIVE, KEEP_ALIVE_S, LOOK_S, EventStream, event

__all__ = [
    "KEEP_ALIVE",
    "KEEP_ALIVE_S",
    "LOOK_S",
    "EventStream",
    "ended_within",
    "event",
    "follower_of",
    "unless_gone",
    "wait_asked_s",
]
