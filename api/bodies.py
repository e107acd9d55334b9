"""Request bodies are bounded while they arrive, whatever their length is said to be."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem
from shared.settings import Settings

IDLE_S = 30.0
"""Longer than this between two pieces of a body is too long."""

FRAMING_BYTES = 1024 * 1024
"""What a multipart form may add to its file; what JSON may add to a prompt."""


class BoundedBodies:
    """Middleware: 413 for a body over its cap, 408 for one that stops arriving.

    A benchmark may have MAX_UPLOAD_BYTES. Any other body holds a prompt and a system
    prompt at most, each character of which JSON may write as six.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, idle_s: float = IDLE_S
    ) -> None:
        self._app = app
        self._idle_s = idle_s
        self._upload = settings.max_upload_bytes
        self._other = 12 * settings.max_prompt_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        upload = scope["path"].endswith("/benchmark")
        cap = self._upload if upload else self._other
        said = Request(scope).headers.get("content-length", "")
        if said.isdigit() and int(said) > cap + FRAMING_BYTES:
            refusal = _too_large(cap, upload).response(scope["path"])
            return await refusal(scope, receive, send)
        seen = 0
        complete = False

        async def bounded() -> Message:
            nonlocal seen, complete
            if complete:  # what comes now is the client's leaving
                return await receive()
            try:
                async with asyncio.timeout(self._idle_s):
                    message = await receive()
            except TimeoutError:
                raise Problem(
                    "slow-body",
                    f"Nothing more of the body came for {self._idle_s:g} s. Send it"
                    " again.",
                    headers={"Connection": "close"},
                ) from None
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > cap + FRAMING_BYTES:
                raise _too_large(cap, upload)
            return message

        await self._app(scope, bounded, send)


def _too_large(cap: int, upload: bool) -> Problem:
    setting = "MAX_UPLOAD_BYTES" if upload else "MAX_PROMPT_BYTES"
    return Problem(
        "too-large",
        f"The body has more than the {cap} bytes allowed. Send less, or raise"
        f" {setting}.",
    )
