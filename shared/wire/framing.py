"""Where an answer ends, asked at every read, and how large it may get till then.

While calls are open, work on the loop makes later reads late. So the first read is only
searched for how the answer will end (`glance`), and llhttp sees the bytes when that end
seems to be there. The glance can postpone the parser and never overrule it.
"""

import sys
from collections.abc import Sequence

from shared.wire.head import plain_head
from shared.wire.limits import Caps
from shared.wire.parse import Parse, Read

BY_TAIL = -1
"""Chunked: look whenever a read ends as a last chunk would."""
BY_CLOSE = -2
"""Neither length nor chunks: only the end of the connection ends it."""

_NOW = 0  # look at every read: the head is not known yet
_LAST_CHUNK_ENDS = b"\r\n\r\n"  # also behind trailers; a body may hold it, too
_BODILESS = (b"204", b"304")


def glance(data: bytes) -> tuple[int, int] | None:
    """(where the head ends, bytes of the whole answer or BY_TAIL or BY_CLOSE).

    None for whatever is not the plain case: the head is cut, HTTP/1.0, an interim
    answer, an encoding. Those go to the parser at once.
    """
    end = data.find(b"\r\n\r\n") + 4
    plain = plain_head(data[:end]) if end > 3 else None
    if plain is not None:
        if plain.length is not None:
            return end, end + plain.length
        return end, BY_TAIL if plain.chunked else BY_CLOSE
    if end == 3 or data[9:10] not in b"2345" or data[9:12] in _BODILESS:
        return None
    head = data[:end].lower()
    if not head.startswith(b"http/1.1 ") or b"\r\ncontent-encoding:" in head:
        return None
    chunked = b"\r\ntransfer-encoding: chunked\r\n" in head
    if not chunked and b"\r\ntransfer-encoding:" in head:
        return None
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        return end, BY_TAIL if chunked else BY_CLOSE
    digits = head[at + 17 : head.find(b"\r\n", at + 17)].strip()
    if chunked or not digits.isdigit() or len(digits) > 18:
        return None
    return end, end + int(digits)


class Frame:
    """The frame of one answer: `wants_parsing` at each read, `fault` after a parse."""

    __slots__ = ("_caps", "_limit", "_look_at", "_received")

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._received = 0
        self._look_at = _NOW
        self._limit = sys.maxsize  # until the head is known, which has its own cap

    def wants_parsing(self, reads: Sequence[Read]) -> bool:
        """Whether, with the last of `reads`, the answer may be complete or too large.

        Must be asked once for each read.
        """
        data = reads[-1][1]
        self._received += len(data)
        if self._look_at == _NOW and len(reads) == 1:
            glanced = glance(data)
            if glanced is not None:
                self._learn(*glanced)
        if self._received > self._limit or len(reads) > self._caps.reads:
            return True
        if self._look_at == BY_TAIL:
            if len(data) >= len(_LAST_CHUNK_ENDS):
                return data.endswith(_LAST_CHUNK_ENDS)
            return b"".join([part for _, part in reads[-4:]]).endswith(_LAST_CHUNK_ENDS)
        if self._look_at == BY_CLOSE:
            return False
        return self._received >= self._look_at or self._look_at > self._limit

    def fault(self, parse: Parse, reads: Sequence[Read]) -> str | None:
        """Which cap the answer has passed, as the end of a sentence; None if none."""
        caps = self._caps
        if self._look_at == _NOW:
            if parse.headed:
                # Takes the framing of this read's chunks for head; it is small.
                began = self._received - parse.body_bytes
                if parse.length is not None:
                    self._learn(began, began + parse.length)
                else:
                    self._learn(began, BY_TAIL if parse.chunked else BY_CLOSE)
            if self._look_at == _NOW and (
                parse.headed or self._received > caps.head_bytes
            ):
                return f"head is larger than {caps.head_bytes} bytes"
        if self._received > self._limit or self._look_at > self._limit:
            return f"body is larger than {caps.body_bytes} bytes"
        if len(reads) > caps.reads:
            return f"body came in more than {caps.reads} pieces"
        return None

    def _learn(self, head_bytes: int, look_at: int) -> None:
        """The head is known; but with one over its cap nothing changes."""
        if head_bytes <= self._caps.head_bytes:
            self._look_at = look_at
            self._limit = head_bytes + self._caps.body_bytes
