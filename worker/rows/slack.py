"""What a late read may have done to the figures of one call."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from shared.analysis import MOST_OFF, RESOLUTION_S
from shared.answer import Reply, StreamReader
from shared.answer.dialects.chat import Dialect
from shared.wire import Exchange, LateRead

_EVENT_END = re.compile(rb"\r?\n\r?\n")


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
    """How many gaps may be off by more than is let pass (`shared.analysis.metrics`)."""

    @property
    def token_s(self) -> float | None:
        """The larger of the first two."""
        return max((s for s in self[:2] if s is not None), default=None)


_EXACT = Slack(None, None, None, None)


def slack_of(exchange: Exchange, reply: Reply, dialect: Dialect) -> Slack:
    """Which of a call's figures a late read may have touched, and by how much.

    The kernel's stamp is that of the last bytes of a read. So what stands at the end of
    a read has an exact stamp, however late that was: the last of several tokens, the
    only one behind a role or a comment, the end of the stream.
    """
    late = exchange.late_reads()
    if not late:
        return _EXACT
    tokens = reply.token_events_s
    counts = Counter(tokens)

    def worst(stamps: Iterable[float | None]) -> float | None:
        found = (late[s].slack_s for s in stamps if s in late)
        return max(found, default=None)

    def by_loop(stamp_s: float) -> bool:
        return late[stamp_s].data is None

    dated = {reply.first_token_s, reply.first_visible_s, reply.last_token_s}
    at_end = {s for s in late if s in dated and _ends_with_token(late[s], dialect)}
    alone = {s for s in at_end if counts[s] == 1}
    return Slack(
        worst({reply.first_token_s, reply.first_visible_s} - alone),
        worst(s for s, n in counts.items() if s in late and (n > 1 or by_loop(s))),
        worst({reply.last_token_s} - at_end),
        worst(s for s in late if s == reply.ended_s and by_loop(s)),
        _doubtful_gaps(tokens, late),
    )


def _ends_with_token(read: LateRead, dialect: Dialect) -> bool:
    """Whether its last bytes are those of an event with text or reasoning."""
    if read.data is None:
        return False
    *_, event, rest = [b"", b"", *_EVENT_END.split(read.data)]
    reader = StreamReader(dialect, 0)
    reader.feed(0.0, event + b"\n\n")
    return not rest and reader.began


def _doubtful_gaps(tokens_s: Sequence[float], late: Mapping[float, LateRead]) -> int:
    """tokens_s: never decreasing. late: stamp -> the reads that may be late.

    Of several tokens in a read the last one's stamp is exact, unless it is the loop's:
    the gap before them is too long, and those between them are too short.
    """
    doubtful, before_s = 0, None
    reads = [(stamp_s, len([*same])) for stamp_s, same in groupby(tokens_s)]
    for number, (stamp_s, n) in enumerate(reads, 1):
        gaps = n if before_s is not None else n - 1
        is_loops = stamp_s in late and late[stamp_s].data is None
        if stamp_s in late and (n > 1 or is_loops):
            mean_s = 0.0 if before_s is None else (stamp_s - before_s) / n
            if late[stamp_s].slack_s > max(MOST_OFF * mean_s, RESOLUTION_S):
                doubtful += gaps + (is_loops and number < len(reads))
        before_s = stamp_s
    # the gap after a loop's stamp may be counted again with the read that ends it
    return min(doubtful, max(0, len(tokens_s) - 1))
