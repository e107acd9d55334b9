"""The shapes of an error: OpenRouter's two, the plain one, a stream's, an edge page."""

import json
from collections.abc import Mapping
from typing import Any

from simulator.bodies.replies import UNHEARD_OF, Head, chunk

_USER = "user_2xSIMULATED"


def error(
    code: int | str,
    message: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    user: bool = True,
) -> dict[str, Any]:
    """The usual error body; without `user` it is the bare one."""
    inner: dict[str, Any] = {"message": message, "code": code}
    if metadata is not None:
        inner["metadata"] = metadata
    if not user:
        return {"error": inner}
    return {"error": inner, "user_id": _USER, **UNHEARD_OF}


def plain_error(status: int, message: str) -> dict[str, Any]:
    """The error body of an OpenAI-compatible server."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {
        "error": {"message": message, "type": kind, "param": None, "code": str(status)}
    }


def zod_error(message: str) -> dict[str, Any]:
    """The second error shape, which some routes use for a bad parameter."""
    issue = [{"code": "invalid_value", "path": [], "message": message}]
    return {
        "success": False,
        "error": {"name": "ZodError", "message": json.dumps(issue)},
    }


def error_chunk(
    head: Head,
    *,
    code: int | str = 502,
    message: str = "Upstream connection lost",
    delta: Mapping[str, Any] | None = None,
    finish_reason: str | None = "error",
    **more: Any,
) -> dict[str, Any]:
    """A stream that has already begun can only say in an event that it failed."""
    inner = {
        "code": code,
        "message": message,
        "metadata": {
            "error_type": "provider_unavailable",
            "provider_code": "stream_reset",
        },
    }
    return chunk(head, delta, finish_reason=finish_reason, error=inner, **more)


def edge_page(status: int, title: str) -> bytes:
    """What the edge says when nothing behind it answers: HTML, no JSON."""
    return (
        "<!DOCTYPE html>\n<html><head><title>"
        f"{status}: {title}</title></head>\n<body><h1>{title}</h1>"
        f"<p>Error code {status}</p></body></html>\n"
    ).encode()
