"""What an answer says, parsed from its reads as late as possible and only once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from shared.wire.connection.keep import KEEP_S, keep_s
from shared.wire.head import plain_head

Read = tuple[float, bytes]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as far as it came; grows while its call is open."""

    status: int | None = None
    """None while there is no complete head."""
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case; values of a repeated name are joined by ", "."""
    pieces: list[Read] = field(default_factory=list)
    """The body without chunk framing: (stamp of the read that brought it, bytes)."""

    @property
    def body(self) -> bytes:
        """All pieces in one."""
        return b"".join([data for _, data in self.pieces])


class Parse:
    """llhttp over the reads of one answer; but not where the whole of it is there and
    its head is plain (`head`).

    The parser and its callbacks hold each other, and collection may be switched off
    while calls are timed: `release` breaks the circle.
    """

    __slots__ = (
        "_fed",
        "_headers",
        "_llhttp",
        "_parts",
        "_released",
        "_response",
        "_stamp_s",
        "body_bytes",
        "chunked",
        "complete_s",
        "error",
        "extra",
        "headed",
        "keep_alive",
        "keep_s",
        "length",
        "pieces",
        "slacks",
        "status",
    )

    def __init__(self) -> None:
        self._llhttp: HttpResponseParser | None = None
        """Made when it is needed."""
        self._released = False
        self._fed = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._stamp_s = 0.0
        self._response: Response | None = None
        self.status: int | None = None
        self.headed = False
        self.length: int | None = None
        self.chunked = False
        self.body_bytes = 0
        self.pieces: list[Read] = []
        self.slacks: list[float] = []
        self.complete_s: float | None = None
        self.keep_alive = False
        self.keep_s = KEEP_S
        self.extra = False
        self.error: str | None = None

    @property
    def ends_by_close(self) -> bool:
        """The head is there and gives no other end than that of the connection."""
        return self.headed and self.length is None and not self.chunked

    def feed(self, reads: Sequence[Read], slacks: Sequence[float]) -> None:
        """Parse what has come since the last time; never raises, see `error`."""
        if self._released or not reads:
            return
        parser = self._llhttp
        if parser is None:
            if self._fed or self._is_plain(reads, slacks):
                self.extra = self.extra or self._fed < len(reads)
                return
            parser = self._llhttp = HttpResponseParser(self)
        while self._fed < len(reads) and self.complete_s is None and not self.error:
            self._stamp_s, data = reads[self._fed]
            try:
                parser.feed_data(data)
            except HttpParserUpgrade:
                self._refuse("it wants to switch protocols")
            except HttpParserError as error:
                self._refuse(str(error))
            if parts := self._parts:
                self.pieces.append(
                    (self._stamp_s, parts[0] if len(parts) == 1 else b"".join(parts))
                )
                self.slacks.append(self._slack_s(reads, slacks))
                self._parts = []
            self._fed += 1
        self.extra = self.extra or self._fed < len(reads)

    def _is_plain(self, reads: Sequence[Read], slacks: Sequence[float]) -> bool:
        """Take an answer that has a plain head in its first read, and has come to the
        end of the body exactly; False where it is anything else."""
        stamp_s, first = reads[0]
        end = first.find(b"\r\n\r\n") + 4
        head = plain_head(first[:end]) if end > 3 else None
        if head is None or not head.length:
            return False
        if sum([len(data) for _, data in reads]) != end + head.length:
            return False
        self.status, headers, self.length, _, self.keep_s = head
        self.headed = self.keep_alive = True
        self.body_bytes = head.length
        self._response = Response(head.status, headers, self.pieces)
        if len(first) > end:
            self.pieces.append((stamp_s, first[end:]))
            self.slacks.append(slacks[0])
        for self._fed in range(1, len(reads)):
            if reads[self._fed][1]:
                self.pieces.append(reads[self._fed])
                self.slacks.append(self._slack_s(reads, slacks))
        self._fed = len(reads)
        self.complete_s = reads[-1][0]
        return True

    def _slack_s(self, reads: Sequence[Read], slacks: Sequence[float]) -> float:
        """What a read brings came after what the read before it brought, also where
        that one was of the head alone."""
        at = self._fed
        if at == 0:
            return slacks[0]
        return max(0.0, min(slacks[at], reads[at][0] - reads[at - 1][0]))

    def response(self) -> Response:
        """What has been parsed so far; its pieces go on growing while it is fed."""
        if self._response is None:
            if not self.headed:
                return Response(pieces=self.pieces)
            values: dict[str, list[str]] = {}
            for name, value in self._headers:
                named = values.setdefault(name.decode("latin-1").lower(), [])
                named.append(value.decode("latin-1"))
            headers = {name: ", ".join(said) for name, said in values.items()}
            self._response = Response(self.status, headers, self.pieces)
        return self._response

    def release(self) -> None:
        """Nothing more will be fed."""
        self._llhttp = None
        self._released = True

    @property
    def released(self) -> bool:
        """Whether nothing more will be fed."""
        return self._released

    def _refuse(self, why: str) -> None:
        """An error, unless the answer was complete: then the rest is only excess."""
        if self.complete_s is None:
            self.error = self.error or why
        else:
            self.extra = True

    # What llhttp calls. After the end it may go on to a second answer: not ours.

    def on_message_begin(self) -> None:
        if self.complete_s is not None:
            self.extra = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.headed:  # later ones are trailers
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._llhttp is None or self.complete_s is not None:
            return
        status = self._llhttp.get_status_code()
        if status < 200:
            self._headers.clear()
            return
        self.status = status
        self.headed = True
        for raw_name, value in self._headers:
            name = raw_name.lower()
            if name == b"content-length":
                self.length = int(value)
            elif name == b"transfer-encoding":
                self.chunked = True
                if value.strip().lower() != b"chunked":
                    self._refuse("its transfer encoding is not chunked")
            elif name == b"keep-alive":
                self.keep_s = keep_s(value)
            elif name == b"content-encoding" and value.strip().lower() not in (
                b"",
                b"identity",
            ):
                self._refuse("its content is encoded, although identity was asked for")

    def on_body(self, data: bytes) -> None:
        if self.complete_s is None and not self.error:
            self._parts.append(data)
            self.body_bytes += len(data)

    def on_message_complete(self) -> None:
        if self.headed and self.complete_s is None and self._llhttp is not None:
            self.complete_s = self._stamp_s
            self.keep_alive = self._llhttp.should_keep_alive()
