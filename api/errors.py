"""Every error as an RFC 9457 problem, with a type that a program can tell apart.

    {"type": "/problems/no-such-run", "title": "...", "status": 404, "detail": "...",
     "instance": "/benchmark/..."}   and members of its own, such as `errors`

`KINDS` is all of them; docs/api.md says of each what to do.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.errors import (
    BadPlan,
    BenchError,
    Busy,
    CatalogueDown,
    KeyReused,
    Misconfigured,
    MissingKey,
    NewerRecord,
    NoSuchRun,
    NotReady,
    OutcomeUnknown,
    StoreDown,
    TooMuch,
    UnknownPrice,
    Unreadable,
    WrongState,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
"""What a 503 of ours asks for; a store that restarts needs about as long."""

MOST_FIELDS = 100
"""Fields of which is said what is wrong; a hostile body could have a million."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

log = logging.getLogger(__name__)

KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "This is not HTTP"),
    "cut-short": (400, "The request broke off"),
    "not-found": (404, "There is nothing here"),
    "no-such-run": (404, "There is no such benchmark"),
    "method-not-allowed": (405, "This is not done here"),
    "slow-body": (408, "The request did not arrive in time"),
    "slow-head": (408, "The request did not arrive in time"),
    "wrong-state": (409, "The benchmark cannot do that now"),
    "not-ready": (409, "The benchmark has not ended yet"),
    "too-large": (413, "The request is too large"),
    "uri-too-long": (414, "The URL is too long"),
    "unsupported-media-type": (415, "This content type is not understood"),
    "no-such-range": (416, "The file has no such part"),
    "head-too-large": (431, "The request's head is too large"),
    "invalid": (422, "The request cannot be understood as written"),
    "too-much": (422, "The request is over a cap"),
    "unknown-model": (422, "The upstream does not list this model"),
    "unknown-price": (422, "No budget can be kept without a price"),
    "key-reused": (422, "The idempotency key belongs to another request"),
    "context-length": (422, "A prompt is longer than the model's context"),
    "internal": (500, "This is a bug of ours"),
    "newer-record": (500, "The record is of a later version"),
    "no-store": (503, "Benchmarks need a store"),
    "busy": (503, "The server has too much to do"),
    "outcome-unknown": (503, "It is not known whether this was done"),
    "store-down": (503, "The store does not answer"),
    "unreadable": (503, "What was kept of the benchmark cannot be read"),
    "too-many-watchers": (503, "Too many clients follow events"),
    "service-down": (503, "A part of the service is down"),
    "misconfigured": (503, "A setting is missing or wrong"),
    "missing-key": (503, "No upstream key is set"),
    "no-catalogue": (503, "There is no list of models"),
    "overloaded": (503, "The server can open no more connections"),
    "stopping": (503, "The server is stopping"),
    "upstream-no-credit": (402, "The upstream account has no credit"),
    "upstream-forbidden": (403, "The upstream does not allow this"),
    "upstream-no-model": (404, "The upstream has nobody to answer for this model"),
    "upstream-refused": (422, "The upstream or the model refused the request"),
    "upstream-rate-limited": (429, "The upstream limits the rate"),
    "upstream-bad-key": (502, "The upstream does not accept our key"),
    "upstream-error": (502, "The upstream failed"),
    "upstream-error-in-answer": (502, "The upstream failed while it answered"),
    "upstream-garbage": (502, "The upstream's answer cannot be understood"),
    "upstream-empty": (502, "The upstream's answer has no text"),
    "upstream-disconnected": (502, "The upstream closed the connection unanswered"),
    "upstream-truncated": (502, "The upstream's answer broke off"),
    "upstream-unreachable": (502, "The upstream cannot be reached"),
    "upstream-timeout": (504, "The upstream did not answer in time"),
}
"""Kind -> (status, title). The last part of a problem's `type`."""

OF_ERROR: dict[type[BenchError], str] = {
    NoSuchRun: "no-such-run",
    KeyReused: "key-reused",
    WrongState: "wrong-state",
    NotReady: "not-ready",
    TooMuch: "too-much",
    UnknownPrice: "unknown-price",
    BadPlan: "invalid",
    Busy: "busy",
    OutcomeUnknown: "outcome-unknown",
    StoreDown: "store-down",
    Unreadable: "unreadable",
    NewerRecord: "newer-record",
    CatalogueDown: "no-catalogue",
    MissingKey: "missing-key",
    Misconfigured: "misconfigured",
}
"""The first class that an error is an instance of gives its kind."""

_RETRYABLE = frozenset(
    {
        *("busy", "store-down", "too-many-watchers", "overloaded", "stopping"),
        "no-catalogue",
    }
)
_OF_STATUS = {404: "not-found", 405: "method-not-allowed"}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["runs"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class ProblemBody(BaseModel):
    """An error (RFC 9457). Some kinds have members of their own."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(examples=["/problems/no-such-run"])
    title: str = Field(description="The kind in words; the same each time.")
    status: int
    detail: str = Field(description="What happened, and what to do about it.")
    instance: str | None = Field(default=None, description="The path asked for.")
    errors: list[FieldError] | None = Field(
        default=None, description="What is wrong with which field."
    )


class Problem(HTTPException):
    """An error to answer with; `members` stand beside the members of RFC 9457.

    An HTTPException, because that is what FastAPI lets through where it reads a body.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        status, self.title = KINDS[kind]
        said = dict(headers or {})
        if kind in _RETRYABLE:
            said.setdefault("Retry-After", str(RETRY_AFTER_S))
        super().__init__(status, detail, said)
        self.kind = kind
        self.members = members

    def body(self, instance: str | None = None) -> dict[str, Any]:
        """The problem as JSON."""
        where = {} if instance is None else {"instance": instance}
        return {
            "type": f"/problems/{self.kind}",
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
            **where,
            **self.members,
        }

    def response(self, instance: str) -> Response:
        """The problem as an answer."""
        body = to_json(self.body(instance))
        return Response(body, self.status_code, self.headers, MEDIA_TYPE)


def of_error(error: BenchError) -> Problem:
    """The problem that one of our own errors is."""
    kind = next((k for cls, k in OF_ERROR.items() if isinstance(error, cls)), None)
    if kind is None:
        log.error("an error without a kind", exc_info=error)
        kind = "internal"
    members: dict[str, Any] = {}
    if isinstance(error, BadPlan) and error.field:
        members["errors"] = [{"field": error.field, "message": str(error)}]
    if isinstance(error, BadPlan) and error.suggestions:
        members["suggestions"] = list(error.suggestions)
    return Problem(kind, str(error), **members)


def invalid(found: Iterable[tuple[str, str]]) -> Problem:
    """The problem of a request whose fields are wrong: (field, sentence) of each."""
    errors = [{"field": field or "body", "message": said} for field, said in found]
    first = errors[0]
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    return Problem(
        "invalid",
        f"{first['field']}: {first['message']}{more}",
        errors=errors[:MOST_FIELDS],
    )


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """What an endpoint can answer beside success, for OpenAPI, with examples."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, "internal"):
        status, title = KINDS[kind]
        said = found.setdefault(status, {"description": "", "content": {}})
        said["description"] += f"{title}. "
        schema = {"$ref": "#/components/schemas/Problem"}
        content = said["content"].setdefault(
            MEDIA_TYPE, {"schema": schema, "examples": {}}
        )
        content["examples"][kind] = {
            "value": {
                "type": f"/problems/{kind}",
                "title": title,
                "status": status,
                "detail": "What happened, and what to do about it.",
            }
        }
    return found


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return _of_http(request, error).response(request.url.path)

    @app.exception_handler(BenchError)
    async def _ours(request: Request, error: BenchError) -> Response:
        return of_error(error).response(request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return _of_validation(request, error).response(request.url.path)

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        # What it says may hold a prompt: it is for the log, which redacts keys.
        return Problem(
            "internal",
            "Something went wrong here. The server's log has the details; please"
            " report it.",
        ).response(request.url.path)


def _of_http(request: Request, error: HTTPException) -> Problem:
    if isinstance(error, Problem):
        return error
    kind = _OF_STATUS.get(error.status_code, "invalid")
    detail = {
        "not-found": f"{request.url.path} is no path of this API; /docs lists them.",
        "method-not-allowed": f"{request.method} is none of the methods of"
        f" {request.url.path}; the header Allow lists them.",
    }.get(kind, error.detail)
    headers = dict(error.headers or {})
    if kind == "method-not-allowed":
        headers["Allow"] = ", ".join(_allowed(request))
    return Problem(kind, detail, headers=headers)


def _allowed(request: Request) -> list[str]:
    """The methods of the path, asked one by one: each is a route of its own."""
    routes = request.app.routes

    def served(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    return list(filter(served, METHODS))


def _of_validation(request: Request, error: RequestValidationError) -> Problem:
    found = error.errors()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type != "application/json" and any(e["loc"] == ("body",) for e in found):
        return Problem(
            "unsupported-media-type",
            f"{media_type[:60] or 'No content type'!r} is not understood. Send JSON as"
            " application/json.",
        )
    # A location begins with the place: body, query, path or header. Where the body is
    # no JSON, a number follows that is no field.
    return invalid(
        (
            "" if e["type"] == "json_invalid" else ".".join(map(str, e["loc"][1:])),
            e["msg"].removeprefix("Value error, "),
        )
        for e in found
    )
