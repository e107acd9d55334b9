"""When an upstream will take more, in all the forms in which it says so.

The text is the upstream's, so nothing here raises: what cannot be understood is
ignored, and no moment is taken to be more than a day away.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

LONGEST_WAIT_S = 86_400.0
"""No upstream may make us wait longer than a day: a daily cap is over by then."""

_ROUGH_S = 5.0
"""`Date` has whole seconds and was on its way; so much tells nothing of a clock."""

_FIRST_MOMENT_S = 1e9
"""A number from here on is a moment (1e9 is in 2001), and below it a duration."""
_LAST_MOMENT_S = 1e11
"""A moment from here on is counted in thousandths, or thousandths of those."""

_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_KINDS = ("requests", "tokens")
"""OpenAI, and who does as they do, has a reset for each, and how many remain."""

_PART = r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)"
_DURATION = re.compile(f"(?:{_PART})+")
_PARTS = re.compile(_PART)
_UNIT_S = {
    **{"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0},
    **{"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9},
}


def opens_at(
    metadata: Mapping[str, Any], headers: Mapping[str, str], now_s: float
) -> float | None:
    """The latest moment that any header or field names, as Unix seconds of our clock.

    metadata: of the error, where OpenRouter keeps copies of headers. headers: with
    lower-case names. now_s: the wall clock.

    None where nothing is said that can be understood, or all of it is past. Moments
    are of the upstream's clock, which `Date` tells: by a clock of ours that is an hour
    behind we would wait an hour too long.
    """
    date_s = _moment(headers.get("date"))
    ahead_s = 0.0 if date_s is None else now_s - date_s
    if abs(ahead_s) < _ROUGH_S:
        ahead_s = 0.0
    copies = metadata.get("headers")
    copies = copies if isinstance(copies, dict) else {}
    wait_s = _number(metadata.get("retry_after_seconds"))
    told = [None if wait_s is None else now_s + wait_s]
    for said in (headers, {str(name).lower(): text for name, text in copies.items()}):
        told.append(_retry_after(said, now_s, ahead_s))
        told += [_reset(said.get(name), now_s, ahead_s) for name in _RESETS]
        for kind in _KINDS:
            if _number(said.get(f"x-ratelimit-remaining-{kind}")) == 0:
                reset = said.get(f"x-ratelimit-reset-{kind}")
                told.append(_reset(reset, now_s, ahead_s))
    known = [moment_s for moment_s in told if moment_s is not None]
    return min(max(known), now_s + LONGEST_WAIT_S) if known else None


def _retry_after(said: Mapping[str, Any], now_s: float, ahead_s: float) -> float | None:
    """`retry-after-ms` where there is one, for `Retry-After` is the same rounded up;
    that is seconds or a date, by some a moment or a duration."""
    wait_ms = _number(said.get("retry-after-ms"))
    if wait_ms is not None:
        return now_s + wait_ms / 1000
    value = said.get("retry-after")
    wait_s = _number(value)
    if wait_s is None:
        return _in_words(value, now_s, ahead_s)
    if abs(wait_s + ahead_s - now_s) < LONGEST_WAIT_S:
        return _later(wait_s + ahead_s, now_s)
    return now_s + wait_s


def _reset(value: object, now_s: float, ahead_s: float) -> float | None:
    """A number is a duration or a moment, by its size: seconds, milliseconds (which is
    OpenRouter's), micro- or nanoseconds. A duration of 0 is ignored, since a call made
    at once would be refused again."""
    number = _number(value)
    if number is None:
        return _in_words(value, now_s, ahead_s)
    if number < _FIRST_MOMENT_S:
        return _later(now_s + number, now_s)
    while number >= _LAST_MOMENT_S:
        number /= 1000
    return _later(number + ahead_s, now_s)


def _in_words(value: object, now_s: float, ahead_s: float) -> float | None:
    """`6m0s`, an HTTP date or an ISO 8601 one."""
    wait_s = _duration(value)
    if wait_s is not None:
        return _later(now_s + wait_s, now_s)
    moment_s = _moment(value)
    return None if moment_s is None else _later(moment_s + ahead_s, now_s)


def _later(moment_s: float, now_s: float) -> float | None:
    return moment_s if moment_s > now_s else None


def _number(value: object) -> float | None:
    """A number that is not negative, also when written as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and number >= 0 else None


def _duration(value: object) -> float | None:
    """Seconds of Go's way to write them, `1h2m3.5s`."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    text = value.strip()
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(n) * _UNIT_S[unit] for n, unit in _PARTS.findall(text))


def _moment(value: object) -> float | None:
    """Unix seconds of an HTTP date (RFC 9110) or an ISO 8601 one."""
    if not isinstance(value, str):
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value.strip())
            return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
