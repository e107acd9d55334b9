"""Every error becomes a problem: those of ours, FastAPI's, and bugs."""

import logging
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.errors.problem import Problem, invalid
from shared.errors import (
    BadPlan,
    BenchError,
    Busy,
    CatalogueDown,
    Incomparable,
    KeyReused,
    Misconfigured,
    MissingKey,
    NewerRecord,
    NoSuchRun,
    NotAllowed,
    NotReady,
    OutcomeUnknown,
    StoreDown,
    TooMuch,
    UnknownPrice,
    Unreadable,
    Unwritable,
    WrongState,
)
from shared.near import MOST_NEAR, sentence_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

log = logging.getLogger(__name__)

OF_ERROR: dict[type[BenchError], str] = {
    NotAllowed: "forbidden",
    NoSuchRun: "no-such-run",
    KeyReused: "key-reused",
    WrongState: "wrong-state",
    Incomparable: "incomparable",
    NotReady: "not-ready",
    TooMuch: "too-much",
    UnknownPrice: "unknown-price",
    BadPlan: "invalid",
    Busy: "busy",
    OutcomeUnknown: "outcome-unknown",
    StoreDown: "store-down",
    Unreadable: "unreadable",
    Unwritable: "unwritable",
    NewerRecord: "newer-record",
    CatalogueDown: "no-catalogue",
    MissingKey: "missing-key",
    Misconfigured: "misconfigured",
}
"""The first class that an error is an instance of gives its kind."""

_OF_STATUS = {404: "not-found", 405: "method-not-allowed"}


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


Shown = Callable[[Request, Problem], Response | None]
"""A problem as a page, for who asked for one; None for all others."""


def install(app: FastAPI, shown: Shown = lambda request, problem: None) -> None:
    """Answer every error of `app` as a problem."""

    def answer(request: Request, problem: Problem) -> Response:
        return shown(request, problem) or problem.response(request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return answer(request, _of_http(request, error))

    @app.exception_handler(BenchError)
    async def _ours(request: Request, error: BenchError) -> Response:
        return answer(request, of_error(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, _of_validation(request, error))

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        # What it says may hold a prompt: it is for the log, which redacts keys.
        problem = Problem(
            "internal",
            "Something went wrong here. The server's log has the details; please"
            " report it.",
        )
        return answer(request, problem)


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
    schema = cache(lambda: _body_schema(request))

    def in_body(n: int, error: dict[str, Any]) -> tuple[str, str]:
        # A location begins with the place: body, query, path or header. Where the body
        # is no JSON, a number follows that is no field.
        place, *loc = error["loc"]
        if place == "query":  # whose values of one name are no list to who wrote them
            loc = [part for part in loc if not isinstance(part, int)]
        field = "" if error["type"] == "json_invalid" else ".".join(map(str, loc))
        told = {**error, "loc": tuple(loc)}
        return field, sentence_of(told, schema if n < MOST_NEAR else None)

    return invalid(map(in_body, count(), found))


def _body_schema(request: Request) -> dict[str, Any]:
    """Of the body that the endpoint takes."""
    body = request.scope["route"].body_field
    return TypeAdapter(body.field_info.annotation).json_schema()
