"""What a late read may have done to the figures of one call."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from shared.upstream.reply import Reply
from shared.upstream.wire import Exchange


class Slack(NamedTuple):
    """How much later than true a call's stamps may be, by the figure that they date,
    seconds; None where they are exact."""

    ttft_s: float | None
    """Of the first token and the first text."""
    gap_s: float | None
    """Of reads with several tokens, or without a stamp of the kernel. A last token that
    shares its read with the end of the stream is left out: it makes one gap longer."""
    last_s: float | None
    """Of the last token."""
    end_s: float | None

    @property
    def token_s(self) -> float | None:
        """The larger of the first two."""
        return max((s for s in self[:2] if s is not None), default=None)


_EXACT = Slack(None, None, None, None)


def slack_of(exchange: Exchange, reply: Reply) -> Slack:
    """Which of a call's figures a late read may have touched, and by how much."""
    late = exchange.late_reads()
    if not late:
        return _EXACT

    def worst(stamps: Iterable[float | None]) -> float | None:
        found = (late[s] for s in stamps if s is not None and s in late)
        return max(found, default=None)

    tokens = reply.token_events_s
    several = (s for s, t in pairwise(tokens) if s == t)
    by_loop = (s for s in tokens if s in exchange.loop_slacks)
    return Slack(
        worst((reply.first_token_s, reply.first_visible_s)),
        worst((*several, *by_loop)),
        worst((reply.last_token_s,)),
        worst((reply.ended_s,)),
    )
