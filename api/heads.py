"""Heads of requests are bounded while they arrive, and what is no HTTP is a problem.

uvicorn with httptools keeps a head of any length, and gives it to the application when
it is whole. This is the same protocol with a cap on each part, and a time for all of
it. `python -m api` serves with it; `uvicorn --http api.heads:BoundedHeads` does, too.
"""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import MEDIA_TYPE, Problem
from shared.standards.http import EVERYWHERE

MOST_URL_BYTES = 8 * 1024
MOST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 256
HEAD_S = 30.0
"""A request has so long from its first byte to the end of its head."""

LINGER_S = 1.0
LINGER_BYTES = 1024 * 1024
"""After a refusal so much more is read and thrown away: a socket that is closed with
something unread is reset, and the refusal may be lost with it."""


class BoundedHeads(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it: 414, 431 and 408 for heads that are too much."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        """Of this head, or of the trailers behind a body, as far as they are parsed."""
        self._headers = 0
        self._unseen = 0
        """Bytes since anything but a part of a head came of them."""
        self._in_head = True
        """Also before the first byte of one."""
        self._refused = False
        self._timer: TimerHandle | None = None
        """Ends a head that does not come; after a refusal, the connection."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unseen += len(data)
        if self._refused:
            if self._unseen > LINGER_BYTES:
                self.transport.close()
            return
        if self._in_head and self._timer is None:
            self._await_head()
        super().data_received(data)
        # The parser keeps a header to itself until the next one begins, and blank
        # lines before a request it skips.
        if self._unseen > MOST_HEAD_BYTES:
            self._refuse(head_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._headers = 0

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        if self._head_bytes > MOST_URL_BYTES:
            self._refuse(url_too_long())
        else:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        self._headers += 1
        if self._head_bytes > MOST_HEAD_BYTES or self._headers > MOST_HEADERS:
            self._refuse(head_too_large())
        elif self._in_head and not self._refused:  # what is behind a body is none
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unseen = 0
        if not self._refused:
            self._head_came()
            super().on_headers_complete()  # raises for a URL that is none
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._unseen = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._unseen = 0
        self._in_head = True
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(
            Problem(
                "malformed",
                "This is not HTTP/1.1 as it should be. Look at the request line, the"
                " headers and the framing of the body.",
            )
        )

    def _refuse(self, problem: Problem) -> None:
        """Answer, unless another answer is due first, and close."""
        if self._refused:
            return
        self._refused = True
        self._head_came()
        self._unseen = 0
        cycle = self.cycle
        if self._in_head:
            free = cycle is None or cycle.response_complete
        else:
            free = not cycle.response_started and not self.pipeline
        if not free or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write(_written(problem))
        self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_S, self.transport.close)

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _head_came(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self._unseen:  # nothing was asked, so nothing is answered
            self.transport.close()
            return
        self._refuse(
            Problem(
                "slow-head",
                f"The request's head did not come within {HEAD_S:g} s. Send it again.",
            )
        )


def url_too_long() -> Problem:
    """414."""
    return Problem(
        "uri-too-long",
        f"The request's URL has more than {MOST_URL_BYTES} bytes. Ask for less at a"
        " time.",
    )


def head_too_large() -> Problem:
    """431."""
    return Problem(
        "head-too-large",
        f"The request's head has more than {MOST_HEAD_BYTES} bytes or {MOST_HEADERS}"
        " headers. Send fewer, and shorter ones.",
    )


def _written(problem: Problem) -> bytes:
    body = to_json(problem.body())
    status = HTTPStatus(problem.status_code)
    always = "".join(f"{name.lower()}: {said}\r\n" for name, said in EVERYWHERE.items())
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\n{always}connection: close\r\n\r\n"
    )
    return head.encode() + body
