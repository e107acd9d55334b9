"""What an account may ask of an upstream: so many calls a minute, a day, at once.

OpenRouter allows an account 20 calls a minute of all its `:free` models together, and
50 or 1,000 a UTC day by what it has ever bought; a call that fails counts too. No
further key helps. Limits of one's own (`MAX_CALLS_PER_MINUTE` ...) hold for all calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from shared.settings import OPENROUTER, Settings

FREE_PER_MINUTE = 20
FREE_PER_DAY, FREE_PER_DAY_BOUGHT = 50, 1000
"""A UTC day; the second for accounts that have ever bought 10 credits."""
FREE_ROUTER = "openrouter/free"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit; calls of every worker count together. None: not limited so."""

    name: str
    """`free` or `all`: which calls it counts."""
    per_minute: int | None = None
    per_day: int | None = None
    """A day of UTC. None may also mean that nobody has told us yet."""
    in_flight: int | None = None


def limits_of(model: str, settings: Settings) -> tuple[Limit, ...]:
    """The limits that a call of `model` falls under; () for none.

    >>> [limit.name for limit in limits_of("a/b:free", Settings())]
    ['free']
    """
    found = []
    if is_free(model) and settings.speaks_openrouter:
        per_minute = settings.free_calls_per_minute
        if per_minute is None and settings.openrouter_base_url == OPENROUTER:
            per_minute = FREE_PER_MINUTE
        found.append(Limit("free", per_minute, settings.free_calls_per_day))
    own = Limit(
        "all",
        settings.max_calls_per_minute,
        settings.max_calls_per_day,
        settings.max_calls_in_flight,
    )
    if own != Limit("all"):
        found.append(own)
    return tuple(found)


def is_free(model: str) -> bool:
    """Whether OpenRouter counts a call of it among the free ones."""
    return model == FREE_ROUTER or ":free" in model


def account_of(settings: Settings) -> str:
    """A name for the account whose key is used, from which no key can be told."""
    whose = f"{settings.openrouter_base_url}\0{settings.api_key() or ''}"
    return sha256(whose.encode()).hexdigest()[:16]


def shortest_s(calls: int, limits: Sequence[Limit]) -> float:
    """Seconds that `calls` calls take at least, from an unused minute and day on.

    Full minutes go by at once: 20 calls take none, 21 take one minute.

    >>> shortest_s(120, [Limit("free", per_minute=20)])
    300.0
    """
    longest_s = 0.0
    for limit in limits:
        for most, span_s in ((limit.per_minute, 60.0), (limit.per_day, 86_400.0)):
            if most and calls:
                longest_s = max(longest_s, (calls - 1) // most * span_s)
    return longest_s
