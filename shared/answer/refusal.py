"""What an upstream says when it will not: one safe sentence, and until when.

Bodies of errors come in many shapes and are text of strangers: nothing here raises,
and nothing that looks like a key or a user's id comes through.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import from_json

from shared.answer import hints
from shared.answer.reply import Throttle
from shared.standards.key_forms import PERHAPS
from shared.wire import WANTS_TLS, wants_tls

Json = dict[str, Any]

MAX_SENTENCE = 300
"""Characters of an error that are kept; the rest is a stranger's prose."""

_READ_AT_MOST = 4096
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_MODERATED = frozenset({"refusal", "content_policy_violation"})
_THROTTLED = frozenset(
    {
        *("rate_limit_exceeded", "rate_limit_error", "rate_limited"),
        *("too_many_requests", "resource_exhausted", "throttled"),
    }
)
_FAILED = ("error", "failed")
_CODES = ("code", "error_code", "http_status", "status_code")
_MESSAGES = ("message", "msg", "error_msg", "error_message", "title")


def safe(text: str) -> str:
    """One line of at most 300 characters, without secrets or control characters.

    >>> safe("No\\n such key: sk-or-v1-0123456789abcdef\\x1b[2J")
    'No such key: *** \\\\x1b[2J'
    """
    masked = PERHAPS.sub("*** ", text[:_READ_AT_MOST])
    line = " ".join(masked.split())
    if not line.isprintable():
        # Escapes also the bidirectional marks, which reorder a terminal's line.
        line = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode() for c in line
        )
    return line if len(line) <= MAX_SENTENCE else line[: MAX_SENTENCE - 1] + "…"


def table(value: object) -> Json:
    """The JSON object, or an empty one for whatever else stands there."""
    return value if isinstance(value, dict) else {}


def sentence(error: object) -> str:
    """The most human text of an `error` object, safe to show; never empty.

    `metadata.raw`, which is the provider's own words, wins over the router's
    "Provider returned error".
    """
    said = table(error)
    metadata = table(said.get("metadata"))
    text = _human(metadata.get("raw")) or _human(error)
    parameter = said.get("param")
    if not isinstance(parameter, str) or parameter in ("None", "null"):
        parameter = ""  # litellm writes its null so
    if text and parameter not in text:
        text = f"{text.rstrip('.')} ({parameter})"
    if text:
        return safe(text)
    kind = metadata.get("error_type") or said.get("error_type") or said.get("type")
    return safe(f"an error without a message ({kind or said.get('code') or '?'})")


def page(body: bytes) -> str:
    """A sentence for a body that is not JSON: its title if it is HTML, else itself."""
    if wants_tls(body):
        return WANTS_TLS
    text = body[:_READ_AT_MOST].decode("utf-8", "replace").strip()
    if not text.startswith("<"):
        return safe(f"not JSON: {text}" if text else "an empty body")
    title = _TITLE.search(text)
    return safe(f"an HTML page: {title[1]}" if title else "an HTML page")


def said(body: bytes) -> str:
    """What the body of an error says, JSON or not, without a full stop."""
    try:
        return sentence(from_json(body)).rstrip(".")
    except ValueError:
        return page(body).rstrip(".")


def error_of(event: Json, *, alone: bool = False) -> Any:
    """What an event or a body says went wrong; None where it says nothing of that.

    `error` at its top or in its first choice; and an object without a choice that is an
    error itself, as `{"object": "error", ...}`, `{"detail": ...}` and
    `{"code": 429, "message": ...}` are.

    alone: it is all that was answered, so that a `message` is enough.
    """
    if error := event.get("error"):
        # `"error": true` has its words beside it.
        return error if isinstance(error, dict | list | str) else event
    choices = event.get("choices")
    if isinstance(choices, list) and choices:
        return table(choices[0]).get("error") or None
    return event if _is_an_error(event, alone=alone) else None


def _is_an_error(said: Json, *, alone: bool) -> bool:
    """Whether an object without a choice is an error, rather than usage, a greeting, or
    the word of a gateway that all is well."""
    if said.get("success") is False or said.get("detail") or said.get("errors"):
        return True
    kinds = [said.get(name) for name in ("object", "type", "status")]
    if any(isinstance(kind, str) and kind.lower().endswith(_FAILED) for kind in kinds):
        return True
    codes = [value for name in _CODES if (value := said.get(name)) is not None]
    # A status in words, such as `processing`, is none.
    codes += [status for status in kinds[2:] if isinstance(status, int)]
    if not any(isinstance(said.get(name), str) and said[name] for name in _MESSAGES):
        return False
    return any(map(_is_a_failure, codes)) if codes else alone


def _is_a_failure(code: object) -> bool:
    """Whether a `code` beside a message is that of a failure: 0 and what HTTP knows as
    no error are not."""
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if isinstance(code, int) and not isinstance(code, bool):
        return code != 0 and not 100 <= code <= 399
    return isinstance(code, str) and code.lower() not in ("", "ok", "success")


def code(error: object) -> int | None:
    """The HTTP status that an `error` names, as a number, a string of digits, or a word
    for 429; else None."""
    said = table(error)
    for name in ("code", "http_status", "status", "status_code"):
        value = said.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:4])
        if isinstance(value, int) and 100 <= value <= 599:
            return value
    metadata = table(said.get("metadata"))
    words = [said.get(name) for name in ("code", "type", "status", "error_type")]
    if any(_means_429(word) for word in (*words, metadata.get("error_type"))):
        return 429
    return None


def _means_429(word: object) -> bool:
    return isinstance(word, str) and word.lower() in _THROTTLED


def moderated(error: object) -> bool:
    """Whether an `error` says that the question or the answer was not allowed."""
    kind = table(table(error).get("metadata")).get("error_type")
    return isinstance(kind, str) and kind in _MODERATED


def limit(
    status: int | None, error: object, headers: dict[str, str], now_s: float
) -> Throttle | None:
    """The limit that a 429, a 503 or an in-flight 402 speaks of; else None.

    `headers` has lower-case names; `now_s` is the wall clock, Unix seconds.
    A 402 for want of credit, or for one call too dear for any budget, opens at no
    time: None.
    """
    if status not in (402, 429, 503):
        return None
    metadata = table(table(error).get("metadata"))
    source = metadata.get("limit_source")
    source = safe(source) if isinstance(source, str) and source else None
    reason = metadata.get("reason")
    in_flight = reason == "in_flight_budget_exhausted" or (
        source == "openrouter_in_flight_budget" and reason != "weight_exceeds_budget"
    )
    if status == 402 and not in_flight:
        return None
    # Bodies of before 2026 have no limit_source; the caps of an account were then
    # told from a provider's by these words alone.
    words = _human(error)
    daily = (source or "").endswith("_daily") or "free-models-per-day" in words
    free = (source or "").startswith("openrouter_free_tier") or (
        source is None and "free-models-per-" in words
    )
    account = in_flight or free or source == "openrouter_admission_control"
    return Throttle(
        account=account,
        source=source,
        opens_at=hints.opens_at(metadata, headers, now_s)
        or (_next_day(now_s) if daily else None),
        free=free,
    )


def _next_day(now_s: float) -> float:
    """The next 00:00 UTC, at which daily caps open."""
    today = datetime.fromtimestamp(now_s, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return (today + timedelta(days=1)).timestamp()


def _human(said: object, depth: int = 5) -> str:
    """The first human text in `said`: a string, or one deep in an object or list.

    Strings that hold JSON are opened: validators and proxies wrap each other's bodies.
    """
    if depth == 0:
        return ""
    if isinstance(said, str):
        text = said.strip()
        if text[:1] in ("{", "["):
            try:
                return _human(from_json(text[:65_536]), depth - 1)
            except ValueError:
                return text
        return page(text.encode("utf-8", "replace")) if text[:1] == "<" else text
    if isinstance(said, dict):
        names = (
            *("message", "error", "detail", "msg", "errors", "title"),
            *("error_msg", "error_message"),
        )
        text = next((t for n in names if (t := _human(said.get(n), depth - 1))), "")
        where = said.get("loc")  # pydantic's: which field it is about
        if text and isinstance(where, list):
            text = f"{'.'.join(str(part) for part in where)}: {text}"
        return text
    if isinstance(said, list) and said:
        return _human(said[0], depth - 1)
    return ""
