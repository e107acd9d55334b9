"""Where an axis begins and ends, and which values stand at it. Pure.

Times are on a logarithmic axis, in one unit for all of a figure.
"""

from collections.abc import Iterable
from math import ceil, floor, log10
from typing import NamedTuple

_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_NAMED = (1.0, 2.0, 3.0, 5.0)
_MOST_NAMED = 7


class Unit(NamedTuple):
    """A unit of time, and how many of it a second has."""

    name: str
    per_s: float


def unit_of(values_s: Iterable[float]) -> Unit:
    """ms where most is below a second, else s.

    >>> unit_of([0.08, 0.4]), unit_of([0.5, 1.8])
    (Unit(name='ms', per_s=1000.0), Unit(name='s', per_s=1.0))
    """
    return Unit("ms", 1000.0) if max(values_s, default=0) < 1 else Unit("s", 1.0)


def log_ends(low: float, high: float, room: float = 1.04) -> tuple[float, float]:
    """Round numbers around two positive ones.

    >>> log_ends(75, 446), log_ends(0.31, 1.8)
    ((60.0, 500.0), (0.2, 2.0))
    """
    return _below(low / room), _above(high * room)


def _below(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    step = max(step for step in _STEPS if step * power <= value * (1 + 1e-9))
    return round(step * power, 12)


def _above(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    fits = [step for step in _STEPS if step * power >= value * (1 - 1e-9)]
    return round((fits[0] if fits else 10.0) * power, 12)


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Values to name between the ends, both included where they are not too near.

    >>> log_ticks(60, 600)
    (60, 100.0, 200.0, 300.0, 600)
    """
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 1)
    for steps in (_NAMED, (1.0, 3.0), (1.0,)):
        found = [s * 10.0**p for p in powers for s in steps]
        inner = [v for v in found if low * 1.22 < v < high / 1.22]
        if len(inner) + 2 <= _MOST_NAMED:
            break
    if not inner:  # a short axis: every step that there is
        every = [s * 10.0**p for p in powers for s in _STEPS]
        inner = [v for v in every if low * 1.08 < v < high / 1.08]
    return (low, *(round(value, 12) for value in inner), high)


def line_ends(high: float) -> tuple[float, float]:
    """From 0 to a round number.

    >>> line_ends(1.79), line_ends(0)
    ((0.0, 2.0), (0.0, 1.0))
    """
    return 0.0, _above(high) if high > 0 else 1.0


def line_ticks(low: float, high: float, parts: int = 4) -> tuple[float, ...]:
    """Equal steps.

    >>> line_ticks(0.8, 1.0)
    (0.8, 0.85, 0.9, 0.95, 1.0)
    """
    step = (high - low) / parts
    return tuple(round(low + step * n, 12) for n in range(parts + 1))


def named(value: float) -> str:
    """A value at an axis.

    >>> named(60.0), named(0.25), named(1500), named(0)
    ('60', '0.25', '1,500', '0')
    """
    return f"{value:,.10g}" if value >= 1000 else f"{value:.4g}"
