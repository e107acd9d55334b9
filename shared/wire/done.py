"""Where an event stream ends that its sender does not end: at `data: [DONE]`.

Servers leave the connection open behind it, or forget the last chunk. While a call is
open, reads are only searched for the word; the parser then tells whether it is the
event or stands in somebody's text. No JSON has a line of that form, since a line end
inside a string is escaped.
"""

import re
from collections.abc import Sequence
from itertools import accumulate

from shared.wire.parse import Read

LINGER_S = 0.02
"""How long the end of the body is waited for behind it: mostly it is in the same
packet, and the connection can be kept."""

_WORD = b"[DONE]"
_IN_CHUNKS = re.compile(
    rb"(?:\r\n[0-9a-fA-F]+\r\n)?".join([re.escape(b"%c" % byte) for byte in _WORD])
)
_SHORT = 64
"""Bytes; a shorter read may hold but a piece of the word, and chunks may part it."""
_READS = 16
_PIECES = 32
"""Enough for the whole event where each holds one byte."""
_EVENT = re.compile(rb"[\r\n]data:[ \t]*\[DONE\][ \t]*(?:\r\n\r\n|\n\n|\r\r)")


def hints(reads: Sequence[Read]) -> bool:
    """Whether the last read may have brought it: cheap, asked at each."""
    data = reads[-1][1]
    if len(data) >= _SHORT:
        return _WORD in data
    late = b"".join([part[-_SHORT:] for _, part in reads[-_READS:]])
    return _IN_CHUNKS.search(late) is not None


def done_s(pieces: Sequence[Read]) -> float | None:
    """The stamp of the piece of the body that completed the event; None without it."""
    tail = pieces[-_PIECES:]
    # Where the tail is not all of it, its first line may be half a line.
    start = b"\n" if len(tail) == len(pieces) else b""
    found = _EVENT.search(start + b"".join([data for _, data in tail]))
    if found is None:
        return None
    ends = accumulate((len(data) for _, data in tail), initial=len(start))
    next(ends)
    return next(
        stamp_s
        for (stamp_s, _), end in zip(tail, ends, strict=True)
        if end >= found.end()
    )
