"""httpx over the wire: the same connections, stamps and caps behind a known interface.

For `/models`, `/generate` and whatever else is not measured by the thousand: httpx
itself costs some 250 us a request.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import httpx

from shared.wire.wire import (
    Deadlines,
    Exchange,
    FailureKind,
    Origin,
    Request,
    Response,
    Wire,
    request,
)

_SET_BY_THE_WIRE = frozenset(
    {"host", "content-length", "transfer-encoding", "accept-encoding", "connection"}
)
_ERRORS: dict[FailureKind, type[httpx.TransportError]] = {
    "not_sent": httpx.ConnectError,
    "connect_error": httpx.ConnectError,
    "timeout_connect": httpx.ConnectTimeout,
    "disconnected": httpx.RemoteProtocolError,
    "timeout_first_token": httpx.ReadTimeout,
    "timeout_idle": httpx.ReadTimeout,
    "timeout_total": httpx.ReadTimeout,
    "protocol_error": httpx.RemoteProtocolError,
    "cut": httpx.RemoteProtocolError,
    "cancelled": httpx.ReadError,
}


def client(
    wire: Wire, base_url: str = "", headers: Mapping[str, str] | None = None
) -> httpx.AsyncClient:
    """A client over `wire`: no redirects, no environment, the wire's own deadlines.

    With a base URL it asks that origin alone, since its headers may hold a key.
    Closing it leaves the wire open: others may be using it.
    """
    return httpx.AsyncClient(
        transport=WireTransport(wire, Origin.of(base_url) if base_url else None),
        base_url=base_url,
        headers=headers,
        timeout=None,  # noqa: S113 - the wire has deadlines of its own
        follow_redirects=False,
        trust_env=False,
    )


class WireTransport(httpx.AsyncBaseTransport):
    """Sends through a Wire; `response.extensions["timing"]` is the Exchange.

    A response that is closed before its end closes its connection: the upstream learns
    that nobody listens any more. A GET whose kept connection ended before any byte of
    the answer is asked once more, on a fresh one; nothing else is. A timeout given to
    httpx shortens or lengthens the wire's deadlines for connecting and for silence; the
    total one stays.
    """

    def __init__(self, wire: Wire, only: Origin | None = None) -> None:
        """only: no request goes to another origin."""
        self._wire = wire
        self._only = only

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        prebuilt, limits = await _prebuilt(request), self._limits(request)
        asked = prebuilt.origin
        if self._only is not None and asked != self._only:
            # Its headers are for one origin, whatever an answer or a caller names.
            raise httpx.UnsupportedProtocol(
                f"{asked.scheme}://{asked.authority} is not the origin that this client"
                " is for",
                request=request,
            )
        answer = _Answer(self._wire, prebuilt, limits)
        try:
            response = await answer.head()
        except httpx.RemoteProtocolError:
            if request.method != "GET" or not answer.lost_by_keeping:
                raise
            answer = _Answer(self._wire, prebuilt, limits, fresh=True)
            response = await answer.head()
        return httpx.Response(
            response.status or 0,
            headers=response.headers,
            stream=answer,
            extensions={"timing": answer.exchange, "http_version": b"HTTP/1.1"},
        )

    def _limits(self, request: httpx.Request) -> Deadlines:
        asked = request.extensions.get("timeout") or {}
        limits = self._wire.deadlines
        if (connect_s := asked.get("connect")) is not None:
            limits = replace(limits, connect_s=connect_s)
        if (read_s := asked.get("read")) is not None:
            limits = replace(limits, first_token_s=read_s, idle_s=read_s)
        return limits


class _Answer(httpx.AsyncByteStream):
    """The body of one answer, handed over read by read."""

    def __init__(
        self, wire: Wire, prebuilt: Request, limits: Deadlines, *, fresh: bool = False
    ) -> None:
        self._news = asyncio.Event()
        self._call = wire.start(
            prebuilt,
            self._changed,
            on_read=self._changed,
            deadlines=limits,
            fresh=fresh,
        )
        self.exchange = self._call.exchange

    @property
    def lost_by_keeping(self) -> bool:
        """Whether a connection that was kept ended before any byte of the answer."""
        failure = self.exchange.failure
        lost = failure is not None and failure.kind == "disconnected"
        return lost and self.exchange.reused

    async def head(self) -> Response:
        """The answer, once its status and headers are there; raises its failure."""
        try:
            while (response := self.exchange.response()).status is None:
                await self._wait()
        except BaseException:  # also when the caller is cancelled meanwhile
            await self.aclose()
            raise
        return response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        given = 0
        while True:
            over = self.exchange.ended_s is not None
            pieces = self.exchange.response().pieces
            while given < len(pieces):
                yield pieces[given][1]
                given += 1
            if over:
                self._raise_failure()
                return
            await self._wait()

    async def aclose(self) -> None:
        self._call.cancel()

    def _changed(self, _: Exchange) -> None:
        self._news.set()

    async def _wait(self) -> None:
        """Until more has come; raises the failure if nothing more will."""
        if self.exchange.ended_s is not None:
            self._raise_failure()
        await self._news.wait()
        self._news.clear()

    def _raise_failure(self) -> None:
        if (failure := self.exchange.failure) is not None:
            raise _ERRORS[failure.kind](failure.detail)


async def _prebuilt(asked: httpx.Request) -> Request:
    """An httpx request in the wire's form; httpx adds its `request` to our errors."""
    body = await asked.aread()
    headers = [
        (name, value)
        for name, value in asked.headers.multi_items()
        if name.lower() not in _SET_BY_THE_WIRE
    ]
    try:
        return request(asked.method, str(asked.url), headers, body)
    except ValueError as error:
        raise httpx.LocalProtocolError(str(error), request=asked) from None
