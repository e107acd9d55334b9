"""Numbers as a person reads them. A dash is unknown; 0 is a measured zero."""

from typing import Any

DOUBTFUL = "?"
"""Behind a value of too few calls: it never stands bare."""


def seconds(value: float | None) -> str:
    """Three or four digits, in ms below a second.

    >>> seconds(0.0798), seconds(0.318), seconds(1.7725), seconds(0.0), seconds(None)
    ('79.8 ms', '318 ms', '1.77 s', '0.0 ms', '-')
    """
    if value is None:
        return "-"
    if value < 0.9995:
        ms = value * 1000
        return f"{ms:.2f} ms" if 0 < ms < 10 else f"{ms:.{1 if ms < 99.95 else 0}f} ms"
    return f"{value:.2f} s" if value < 99.995 else f"{value:,.0f} s"


def usd(amount: float | None) -> str:
    """Dollars to a hundredth of a cent; smaller amounts to two digits.

    >>> usd(0.102225), usd(0.5), usd(12.5), usd(0.0000231), usd(0.0), usd(None)
    ('$0.1022', '$0.50', '$12.50', '$0.000023', '$0', '-')
    """
    if amount is None:
        return "-"
    if amount == 0:
        return "$0"
    if amount < 0.001:
        return f"${float(f'{amount:.2g}'):.10f}".rstrip("0")
    digits = 4 if amount < 1 and round(amount * 10_000) % 100 else 2
    return f"${amount:,.{digits}f}"


def share(value: float | None) -> str:
    """A share as per cent; only all of it is 100 %, and only nothing is 0 %.

    >>> share(0.5), share(1.0), share(0.99999), share(0.00001), share(None)
    ('50.0 %', '100 %', '99.99 %', '0.01 %', '-')
    """
    if value is None:
        return "-"
    if value in (0.0, 1.0):
        return f"{value * 100:.0f} %"
    percent = min(99.99, max(0.01, value * 100))
    return f"{percent:.{1 if 0.1 <= percent <= 99.9 else 2}f} %"


def number(value: float | None) -> str:
    """A count or a rate.

    >>> number(2.688), number(8.0), number(12345.6), number(None)
    ('2.69', '8', '12,346', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def clock(seconds: float | None) -> str:
    """A duration.

    >>> clock(7.2), clock(3675), clock(None)
    ('0:07', '1:01:15', '-')
    """
    if seconds is None:
        return "-"
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def between(low: float | None, high: float | None) -> str:
    """An interval of seconds, the unit once where both have the same.

    >>> between(0.0791, 0.0812), between(0.95, 1.2), between(None, 1.2)
    ('79.1-81.2 ms', '950 ms-1.20 s', 'at most 1.20 s')
    """
    if low is None and high is None:
        return ""
    if low is None:
        return f"at most {seconds(high)}"
    if high is None:
        return f"at least {seconds(low)}"
    first, unit = seconds(low).split(" ")
    last = seconds(high)
    return f"{first}-{last}" if last.endswith(f" {unit}") else f"{first} {unit}-{last}"


def percentile(found: dict[str, Any]) -> tuple[str, str]:
    """A percentile's value, marked where it has too few calls, and its interval."""
    if found.get("infinite"):
        return "a failure", ""
    value = seconds(found["point"])
    if found["point"] is None:
        return value, ""
    if not found["supported"]:
        return f"{value} {DOUBTFUL}", ""
    return value, between(found["low"], found["high"])
