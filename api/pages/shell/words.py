"""How numbers and times are written on pages, and in the report.

Three significant digits; the unit stands beside the number, once for a value and its
interval. What is not known is an en dash, and a measured zero is 0.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import floor, log10
from typing import Any, NamedTuple

UNKNOWN = "–"


def significant(value: float, digits: int = 3) -> str:
    """A number with so many digits, and commas in its thousands.

    >>> significant(0.07691), significant(1234.6), significant(438.2), significant(0)
    ('0.0769', '1,235', '438', '0')
    """
    if value == 0:
        return "0"
    places = digits - 1 - floor(log10(abs(value)))
    return f"{value:,.{max(0, places)}f}"


class Shown(NamedTuple):
    """A time and its interval in one unit, as texts; "" is an end that is not known."""

    value: str
    unit: str
    low: str
    high: str


def interval(
    value: float | None, low: float | None = None, high: float | None = None
) -> Shown:
    """Seconds as ms below one second, else as s; the interval in the value's unit.

    >>> interval(0.0769, 0.0753, 0.0838)
    Shown(value='76.9', unit='ms', low='75.3', high='83.8')
    >>> interval(12.5)
    Shown(value='12.5', unit='s', low='', high='')
    """
    if value is None:
        return Shown(UNKNOWN, "", "", "")
    scale, unit = (1000.0, "ms") if abs(value) < 1 else (1.0, "s")
    ends = ["" if end is None else significant(end * scale) for end in (low, high)]
    return Shown(significant(value * scale), unit, *ends)


def seconds(value: float | None) -> str:
    """A time with its unit.

    >>> seconds(0.0769), seconds(12.5), seconds(None)
    ('76.9 ms', '12.5 s', '–')
    """
    shown = interval(value)
    return f"{shown.value} {shown.unit}".strip()


def duration(value: float | None) -> str:
    """How long something takes, for people.

    >>> duration(42), duration(400), duration(7265), duration(180_000)
    ('42 s', '6 min 40 s', '2 h 1 min', '2 d 2 h')
    """
    if value is None:
        return UNKNOWN
    if value < 1:
        return seconds(value)
    left = round(value)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        parts.append((number, unit))
    first = next((n for n, (number, _) in enumerate(parts) if number), 3)
    said = [f"{number} {unit}" for number, unit in parts[first : first + 2] if number]
    return " ".join(said)


def usd(value: float | None) -> str:
    """Money: cents from a dollar on, and two digits of what is less.

    >>> usd(1234.5), usd(0.126), usd(0.0000042), usd(0), usd(None)
    ('$1,234.50', '$0.126', '$0.0000042', '$0', '–')
    """
    if value is None:
        return UNKNOWN
    if value == 0:
        return "$0"
    if abs(value) >= 1:
        return f"${value:,.2f}"
    digits = 3 if abs(value) >= 0.1 else 2
    return f"${significant(value, digits)}"


def count(value: float | None) -> str:
    """A whole number.

    >>> count(1410), count(None)
    ('1,410', '–')
    """
    return UNKNOWN if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share as percent.

    >>> percent(0.983), percent(1), percent(0), percent(0.0004)
    ('98.3 %', '100 %', '0 %', '0.04 %')
    """
    if value is None:
        return UNKNOWN
    if value in (0, 1):
        return f"{value * 100:.0f} %"
    return f"{significant(value * 100, 3 if value > 0.1 else 1)} %"


def moment(value: float | None) -> str:
    """Unix seconds as a date and time of UTC, to the minute.

    >>> moment(1795420801.25)
    '23 Nov 2026, 08:00 UTC'
    """
    if value is None:
        return UNKNOWN
    return datetime.fromtimestamp(value, UTC).strftime("%-d %b %Y, %H:%M UTC")


def iso(value: float) -> str:
    """Unix seconds for the attribute `datetime`.

    >>> iso(1795420801.25)
    '2026-11-23T08:00:01Z'
    """
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(value: float, now: float) -> str:
    """When that was: how long ago today, the day before that.

    >>> ago(100, 130), ago(100, 800), ago(1795420801, 1795420801 + 86_400)
    ('just now', '11 min ago', '23 Nov')
    """
    past = max(0.0, now - value)
    if past < 45:
        return "just now"
    if past < 3600:
        return f"{max(1, int(past // 60))} min ago"
    if past < 86_400:
        return f"{int(past // 3600)} h ago"
    at, today = datetime.fromtimestamp(value, UTC), datetime.fromtimestamp(now, UTC)
    return at.strftime("%-d %b" if at.year == today.year else "%-d %b %Y")


FILTERS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (ago, count, duration, interval, iso, moment, percent, seconds, usd)
}
"""By the name that templates use."""
