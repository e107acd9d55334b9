"""A problem: an error as RFC 9457 has it, with a type that a program can tell apart."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.responses import Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from api.errors.kinds import KINDS, RETRYABLE
from shared.standards.http import EVERYWHERE

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
"""What a 503 of ours asks for; a store that restarts needs about as long."""

MOST_FIELDS = 100
"""Wrong fields that are named at most; a hostile body could have a million."""


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
        if kind in RETRYABLE:
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
        # also where nothing stands around the answer that would add them
        headers = {**EVERYWHERE, **(self.headers or {})}
        return Response(body, self.status_code, headers, MEDIA_TYPE)


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
