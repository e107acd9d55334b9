"""What an upstream says when it will not: one safe sentence, and until when.

Bodies of errors come in many shapes and are text of strangers: nothing here raises,
and nothing that looks like a key or a user's id comes through.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from pydantic_core import from_json

from shared.upstream.reply import Limit

Json = dict[str, Any]

MAX_SENTENCE = 300
"""Characters of an error that are kept; the rest is a stranger's prose."""

LONGEST_WAIT_S = 86_400.0
"""No upstream may make us wait longer than a day: a daily cap is over by then."""

_ROUGH_S = 5.0
"""`Date` has whole seconds and was on its way; so much tells nothing of a clock."""

_READ_AT_MOST = 4096
_SECRETS = re.compile(
    r"(?i:\b(?:bearer|basic)\s+[^\s\"',;]+)"  # an echo of our Authorization header
    r"|(?i:\b[spr]k[-_][\w-]{6,})"
    r"|(?i:\b(?:key|gsk|xai|hf|ghp)[-_](?=[a-z_-]*\d)[\w-]{8,})"
    r"|\bAIza[\w-]{10,}"
    r"|\beyJ[\w.-]{10,}"
    r"|\buser_\w{6,}"
    r"|[A-Za-z0-9+=_-]{40,}"  # opaque and long; no model id has 40 of these in a row
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_MODERATED = frozenset({"refusal", "content_policy_violation"})


def safe(text: str) -> str:
    """One line of at most 300 characters, without secrets or control characters.

    >>> safe("No\\n such key: sk-or-v1-0123456789abcdef\\x1b[2J")
    'No such key: *** \\\\x1b[2J'
    """
    masked = _SECRETS.sub("*** ", text[:_READ_AT_MOST])
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


def error_of(event: Json) -> Any:
    """The `error` of an event or body, at its top or in its first choice; else None."""
    if error := event.get("error"):
        return error
    choices = event.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0].get("error") or None
    return None


def code(error: object) -> int | None:
    """The HTTP status that an `error` names, as a number or a string; else None."""
    said = table(error)
    for name in ("code", "http_status", "status"):
        value = said.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:4])
        if isinstance(value, int) and 100 <= value <= 599:
            return value
    return None


def moderated(error: object) -> bool:
    """Whether an `error` says that the question or the answer was not allowed."""
    kind = table(table(error).get("metadata")).get("error_type")
    return isinstance(kind, str) and kind in _MODERATED


def limit(
    status: int | None, error: object, headers: dict[str, str], now_s: float
) -> Limit | None:
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
    return Limit(
        account=account,
        source=source,
        opens_at=_opens_at(metadata, headers, now_s)
        or (_next_day(now_s) if daily else None),
        free=free,
    )


def _opens_at(metadata: Json, headers: dict[str, str], now_s: float) -> float | None:
    """The latest moment that any header or field names; junk and the past do not.

    Moments are of the upstream's clock, which `Date` tells: by a clock of ours that is
    an hour behind we would wait an hour too long. So the answer is a moment of ours.
    """
    date = _date(headers.get("date"))
    ahead_s = 0.0 if date is None else now_s - date
    if abs(ahead_s) < _ROUGH_S:
        ahead_s = 0.0
    copies = {str(k).lower(): v for k, v in table(metadata.get("headers")).items()}
    waits = [_seconds(metadata.get("retry_after_seconds"))]
    moments: list[float | None] = []
    for said in (headers, copies):
        waits.append(_seconds(said.get("retry-after")))
        moments.append(_date(said.get("retry-after")))
        reset_ms = _seconds(said.get("x-ratelimit-reset"))
        moments.append(None if reset_ms is None else reset_ms / 1000)
    told = [now_s + wait for wait in waits if wait is not None]
    ours = [moment + ahead_s for moment in moments if moment is not None]
    told += [moment for moment in ours if moment > now_s]
    return min(max(told), now_s + LONGEST_WAIT_S) if told else None


def _seconds(value: object) -> float | None:
    """A number that is not negative, also when written as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and number >= 0 else None


def _date(value: object) -> float | None:
    """Unix seconds of an HTTP date (RFC 9110)."""
    if not isinstance(value, str):
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


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
        names = ("message", "error", "detail", "msg", "errors", "title")
        text = next((t for n in names if (t := _human(said.get(n), depth - 1))), "")
        where = said.get("loc")  # pydantic's: which field it is about
        if text and isinstance(where, list):
            text = f"{'.'.join(str(part) for part in where)}: {text}"
        return text
    if isinstance(said, list) and said:
        return _human(said[0], depth - 1)
    return ""
