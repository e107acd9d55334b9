"""Server-sent events: bytes in, events out, the same however the bytes are cut.

Follows the WHATWG rules (HTML Living Standard, 9.2.6). Lines end at LF, CR or CRLF and
nowhere else: U+2028, 0x0B and 0x85 stand inside the JSON of honest answers.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.wire import Caps

_BOM = b"\xef\xbb\xbf"
_JSON = (b"{", b"[", b'"')


class Event(NamedTuple):
    """One event; or a line that is none: a comment, or a stray. Those have no data."""

    data: str
    """The `data` lines joined by LF; bytes that are not UTF-8 become U+FFFD."""
    name: str = "message"
    """The `event` field."""
    id: str = ""
    """The last `id` field so far, of this event or one before it."""
    is_comment: bool = False
    is_stray: bool = False
    """JSON with no `data:` before it. The rules pass over a line whose field they do
    not know, and what it says would be lost without a word."""
    is_mended: bool = False
    """Its data held bytes that are not UTF-8."""


class StreamError(Exception):
    """A stream that passed one of its caps; the sentence names it."""


class Decoder:
    """Decodes one stream, fed piece by piece.

    After a StreamError it must not be fed again; what was dispatched before stays true.
    """

    def __init__(self, caps: Caps | None = None) -> None:
        self._caps = caps or Caps()
        self._begun = False
        self._after_cr = False
        self._line: list[bytes] = []  # pieces of the line that has not ended
        self._line_bytes = 0
        self._data: list[bytes] = []  # of the event that has not ended
        self._event_bytes = 0
        self._in_event = False
        self._name = b""
        self._id = ""
        self._count = 0

    @property
    def leftover(self) -> bool:
        """Whether something stands after the last event that no blank line ended.

        The rules say that such an event is not dispatched: the stream was cut.
        """
        return self._in_event or bool(self._line)

    @property
    def is_between(self) -> bool:
        """Whether the next byte begins an event."""
        begun = self._begun and not self._after_cr
        return begun and not (self._line or self._in_event)

    def skip(self, n: int, n_bytes: int) -> bool:
        """Pass over `n` whole events of `n_bytes` in all, which somebody else has read.
        False where one may be over its cap, and they have to be fed.

        Raises StreamError as `feed` does.
        """
        if n_bytes > min(self._caps.line_bytes, self._caps.event_bytes):
            return False
        self._counted(n)
        return True

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes, comments and strays among them, in order.

        Raises StreamError for a line, an event or a number of events over its cap.
        """
        if self._after_cr or b"\r" in data:
            data = self._line_feeds_only(data)
        if not self._begun:
            data = self._without_bom(data)
        if b"\n" not in data:
            if data:
                self._buffer(data)
            return []
        if self._line:
            data = b"".join((*self._line, data))
            self._line.clear()
            self._line_bytes = 0
        # From here on `data` begins with a line and holds the end of at least one.
        if len(data) > self._caps.line_bytes:
            self._refuse_long_lines(data)
        events: list[Event] = []
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        for block in blocks:
            if block[:6] == b"data: " and not self._in_event and b"\n" not in block:
                if len(block) > self._caps.event_bytes:
                    self._refuse_event()
                events.append(self._event(block[6:], "message"))
            else:
                for line in block.split(b"\n"):
                    self._take(line, events)
                self._take(b"", events)
        if rest:
            *lines, unfinished = rest.split(b"\n")
            for line in lines:
                self._take(line, events)
            if unfinished:
                self._buffer(unfinished)
        self._counted(len(events))
        return events

    def _counted(self, n: int) -> None:
        self._count += n
        if self._count > self._caps.events:
            raise StreamError(f"The stream has more than {self._caps.events} events.")

    def _line_feeds_only(self, data: bytes) -> bytes:
        """CRLF and CR become LF; a CRLF that is cut in the middle is one end, too."""
        if self._after_cr and data:
            self._after_cr = False
            if data[:1] == b"\n":  # its CR has ended the line already
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _without_bom(self, data: bytes) -> bytes:
        """Drops the mark at the very start, also when it comes in pieces."""
        data = b"".join((*self._line, data))
        self._line.clear()
        self._line_bytes = 0
        if len(data) < len(_BOM) and _BOM.startswith(data):
            if data:
                self._buffer(data)
            return b""
        self._begun = True
        return data.removeprefix(_BOM)

    def _take(self, line: bytes, events: list[Event]) -> None:
        """One line, in the words of the standard."""
        if not line:
            self._dispatch(events)
            return
        if line[:1] == b":":
            events.append(Event("", is_comment=True))
            return
        self._in_event = True
        self._event_bytes += len(line)
        if self._event_bytes > self._caps.event_bytes:
            self._refuse_event()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif line.lstrip()[:1] in _JSON:
            events.append(Event("", is_stray=True))

    def _dispatch(self, events: list[Event]) -> None:
        """A blank line: the event is complete; without a data line there is none."""
        if self._data:
            name = self._name.decode("utf-8", "replace") or "message"
            events.append(self._event(b"\n".join(self._data), name))
        self._data = []
        self._name = b""
        self._event_bytes = 0
        self._in_event = False

    def _event(self, data: bytes, name: str) -> Event:
        """As the standard has it: what is no UTF-8 becomes U+FFFD, and is told."""
        try:
            return Event(data.decode(), name, self._id)
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
            return Event(text, name, self._id, is_mended=True)

    def _buffer(self, part: bytes) -> None:
        """Keep a part of a line; parts are joined once, when the line has ended."""
        self._line.append(part)
        self._line_bytes += len(part)
        if self._line_bytes > self._caps.line_bytes:
            self._refuse_line()

    def _refuse_long_lines(self, data: bytes) -> None:
        if max(map(len, data.split(b"\n"))) > self._caps.line_bytes:
            self._refuse_line()

    def _refuse_line(self) -> None:
        raise StreamError(
            f"A line of the stream is longer than {self._caps.line_bytes} bytes."
        )

    def _refuse_event(self) -> None:
        raise StreamError(
            f"An event of the stream is longer than {self._caps.event_bytes} bytes."
        )


def decode(
    pieces: Iterable[tuple[float, bytes]], decoder: Decoder | None = None
) -> Iterator[tuple[float, Event]]:
    """(stamp, event): the stamp is that of the piece which completed the event.

    Hand over a decoder of your own to set its caps, or to ask for `leftover` after the
    last event. Raises StreamError as `Decoder.feed` does.

    >>> pieces = [(1.0, b"data: a"), (2.0, b"\\n\\n")]
    >>> [(stamp_s, event.data) for stamp_s, event in decode(pieces)]
    [(2.0, 'a')]
    """
    decoder = decoder or Decoder()
    for stamp_s, piece in pieces:
        for event in decoder.feed(piece):
            yield stamp_s, event
