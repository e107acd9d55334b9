"""What the dialects of the chat completion API share: plain functions.

Reading is lenient: an unknown key or value never fails, and a field of the wrong type
counts as missing. Only a body that is no JSON object is an error, which `reading`
finds.
"""

from typing import Any, Protocol

from pydantic_core import to_json

from shared.answer import refusal as complaint
from shared.answer.message import calls_tool, read_message
from shared.answer.refusal import Json, table
from shared.answer.reply import Ask, Chunk
from shared.answer.usage import read_usage
from shared.plan import Routing
from shared.settings import Settings

MAX_LABEL = 200
"""Characters that are kept of an id or a name that a stranger wrote."""


class Dialect(Protocol):
    """An upstream kind. A module with these names is one."""

    PATH: str
    """Where completions are asked, below the base URL."""

    def headers(self, key: str | None, settings: Settings) -> dict[str, str]:
        """What every request carries besides the wire's own headers."""

    def check(self, provider: str | None, routing: Routing | None = None) -> None:
        """Raises BadPlan for a provider that cannot be pinned, and for preferences
        that nobody would heed."""

    def build(self, ask: Ask) -> bytes:
        """The body of the request."""

    def read(self, event: Json) -> Chunk:
        """What one event of a stream, or a whole unstreamed body, says."""


def headers(key: str | None) -> dict[str, str]:
    """The headers of a JSON request; without a key, none is sent."""
    plain = {"Content-Type": "application/json"}
    return {**plain, "Authorization": f"Bearer {key}"} if key else plain


def body(ask: Ask, more: Json) -> bytes:
    """The request as JSON: what every dialect says alike, then `more`, then what the
    plan adds."""
    said: Json = {
        "model": ask.model,
        "messages": [{"role": m.role, "content": m.content} for m in ask.messages],
    }
    if ask.limit_field != "none":
        said[ask.limit_field] = ask.max_tokens
    said["stream"] = ask.stream
    if ask.temperature is not None:
        said["temperature"] = ask.temperature
    if ask.seed is not None:
        said["seed"] = ask.seed
    return to_json(said | more | dict(ask.extra or {}))


def chunk(event: Json, provider: str | None = None, cost: Any = None) -> Chunk:
    """One event, by the fields that all dialects share.

    `choices` may be missing, null or empty, and a choice may carry a whole `message`
    or a `delta`: the two differ in nothing that is read here.

    cost: what the dialect has of the bill, as it stands there.
    """
    choices = event.get("choices")
    choice = table(choices[0]) if isinstance(choices, list) and choices else {}
    message = table(choice.get("delta")) or table(choice.get("message"))
    text, reasoning = read_message(message)
    finish = label(choice.get("finish_reason"))
    error = complaint.error_of(event)
    problem = None if error is None else complaint.sentence(error)
    if finish == "error" and problem is None:
        native = label(choice.get("native_finish_reason")) or "no reason given"
        problem = complaint.safe(f"finish_reason error without a message ({native})")
    usage = event.get("usage") or choice.get("usage")
    facts, notes = read_usage(table(usage), cost) if usage else ({}, ())
    return Chunk(
        text=text,
        reasoning=reasoning,
        calls_tool=calls_tool(message),
        finish_reason=finish,
        refused=(
            bool(message.get("refusal"))
            or finish == "content_filter"
            or (error is not None and complaint.moderated(error))
        ),
        error=problem,
        error_code=None if error is None else complaint.code(error),
        complaint=error,
        notes=notes,
        provider=provider,
        served_model=label(event.get("model")),
        generation_id=label(event.get("id")),
        **facts,
    )


def label(value: Any) -> str | None:
    """An id or a name, made safe to show; None for anything else or for nothing."""
    if not isinstance(value, str) or not value:
        return None
    if len(value) <= MAX_LABEL and value.isprintable():
        return value
    return value[:MAX_LABEL].encode("unicode_escape").decode()[:MAX_LABEL]
