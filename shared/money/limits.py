"""What an account may ask of an upstream: so many calls a minute, a day, at once.

OpenRouter allows an account 20 calls a minute of all its `:free` models together, and
50 or 1,000 a UTC day by what it has ever bought; a call that fails counts too. Further
keys of the account change nothing. Limits of one's own (`MAX_CALLS_PER_MINUTE` ...)
hold for all calls.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

from shared.settings import OPENROUTER, Settings
from shared.settings.address import is_openrouters, with_version

FREE_PER_MINUTE = 20
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

    >>> [limit.per_minute for limit in limits_of("a/b:free", Settings())]
    [20]
    """
    found = []
    free = Limit("free", settings.free_calls_per_minute, settings.free_calls_per_day)
    kept = settings.free_limits == "auto" and settings.speaks_openrouter
    if kept and free.per_minute is None:
        free = replace(free, per_minute=FREE_PER_MINUTE)
    if free != Limit("free") and is_free(model):
        found.append(free)
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
    """A name for the account whose key is used, from which no key can be told.

    The same for OpenRouter's hosts of all regions, and for an address before and after
    its `/v1` was found.
    """
    url = settings.openrouter_base_url
    url = OPENROUTER if is_openrouters(url) else with_version(url) or url
    whose = f"{url}\0{settings.api_key() or ''}"
    return sha256(whose.encode()).hexdigest()[:16]
