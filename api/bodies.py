"""Request bodies are bounded while they arrive: their length, whatever it is said to
be, and the shape of JSON (`json_bounds`) before anything reads it."""

import asyncio

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, of_error
from api.heads import (
    MOST_HEAD_BYTES,
    MOST_HEADERS,
    MOST_URL_BYTES,
    head_too_large,
    url_too_long,
)
from shared.errors import BadPlan
from shared.plan.input.json_bounds import JsonBounds
from shared.settings import Settings

IDLE_S = 30.0
"""Longer than this between two pieces of a body is too long."""

FRAMING_BYTES = 1024 * 1024
"""What a multipart form may add to its file; what JSON may add to a prompt."""


MOST_TYPE_BYTES = 1024

PROMPT_FILE = "/new/prompts"
"""Its body is a file as it is, whose reader has bounds of its own."""

MOST_VALUES = 1000
"""In a body that is no plan."""


class BoundedBodies:
    """Middleware: 413 for a body over its cap, 408 for one that stops arriving, 415 for
    one that is compressed, 422 for JSON of a shape that nothing here has.

    A benchmark may have MAX_UPLOAD_BYTES. Any other body holds a prompt and a system
    prompt at most, each character of which JSON may write as six.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, idle_s: float = IDLE_S
    ) -> None:
        self._app = app
        self._idle_s = idle_s
        self._settings = settings
        self._upload = settings.max_upload_bytes
        self._other = 12 * settings.max_prompt_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        is_file = scope["path"] == PROMPT_FILE
        upload = is_file or scope["path"].endswith(("/benchmark", "/benchmark/file"))
        cap = self._upload if upload else self._other
        headers = Request(scope).headers
        refusal = _too_much_head(scope) or _refusal(headers, cap, upload)
        if refusal is not None:
            return await refusal.response(scope["path"])(scope, receive, send)
        bounds = None
        multipart = headers.get("content-type", "").lower().startswith("multipart/")
        if not (multipart or is_file):
            bounds = JsonBounds(self._settings, None if upload else MOST_VALUES)
        seen = 0
        complete = False

        async def bounded() -> Message:
            nonlocal seen, complete
            if complete:  # what comes now is the disconnect
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
            if message["type"] == "http.disconnect":
                if not _has_body(headers):  # a streamed answer waits for the disconnect
                    complete = True
                    return message
                raise Problem(
                    "cut-short",
                    "The connection was closed in the middle of the body. Send it"
                    " again.",
                )
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > cap + FRAMING_BYTES:
                raise _too_large(cap, upload)
            if bounds is not None:
                try:
                    bounds.feed(message.get("body", b""))
                except BadPlan as error:
                    raise of_error(error) from None
            return message

        await self._app(scope, bounded, send)


def _has_body(headers: Headers) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers


def _too_much_head(scope: Scope) -> Problem | None:
    """A head over its caps, where the server is not ours and has no `heads`."""
    asked = (scope.get("raw_path", b""), scope.get("query_string", b""))
    if sum(map(len, asked)) > MOST_URL_BYTES:
        return url_too_long()
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MOST_HEADERS or size > MOST_HEAD_BYTES:
        return head_too_large()
    return None


def _refusal(headers: Headers, cap: int, upload: bool) -> Problem | None:
    """What is wrong with a body that can be told before any of it is read."""
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > cap + FRAMING_BYTES):
        return _too_large(cap, upload)
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        return Problem(
            "unsupported-media-type",
            f"A body with the content encoding {coding[:40]!r} is not understood. Send"
            " it as it is.",
            headers={"Accept-Encoding": "identity"},
        )
    said = headers.get("content-type", "")
    if len(said) > MOST_TYPE_BYTES:  # some parsers take their time for 60 KB of it
        return Problem(
            "unsupported-media-type",
            f"A content type of {len(said)} bytes is not understood. Send"
            " application/json, or multipart/form-data with its boundary.",
        )
    return None


def _too_large(cap: int, upload: bool) -> Problem:
    setting = "MAX_UPLOAD_BYTES" if upload else "MAX_PROMPT_BYTES"
    return Problem(
        "too-large",
        f"The body has more than the {cap} bytes allowed. Send less, or raise"
        f" {setting}.",
    )
