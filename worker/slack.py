"""What a late read may have done to the figures of one call."""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from shared.reason import MOST_OFF, RESOLUTION_S
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
    doubtful_gaps: int = 0
    """How many gaps may be off by more than is let pass (`shared.reason`)."""

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
        _doubtful_gaps(tokens, late, exchange.loop_slacks),
    )


def _doubtful_gaps(
    tokens_s: Sequence[float], late: Mapping[float, float], by_loop: Container[float]
) -> int:
    """tokens_s: never decreasing. late: stamp -> slack of the reads that may be late.

    Of several tokens in a read the last one's stamp is exact, unless it is the loop's:
    the gap before them is too long, and those between them are too short.
    """
    doubtful, before_s = 0, None
    reads = [(stamp_s, len([*same])) for stamp_s, same in groupby(tokens_s)]
    for number, (stamp_s, n) in enumerate(reads, 1):
        gaps = n if before_s is not None else n - 1
        is_loops = stamp_s in by_loop
        if stamp_s in late and (n > 1 or is_loops):
            mean_s = 0.0 if before_s is None else (stamp_s - before_s) / n
            if late[stamp_s] > max(MOST_OFF * mean_s, RESOLUTION_S):
                doubtful += gaps + (is_loops and number < len(reads))
        before_s = stamp_s
    # the gap after a loop's stamp may be counted again with the read that ends it
    return min(doubtful, max(0, len(tokens_s) - 1))
