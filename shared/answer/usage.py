"""What an answer says that it took, bounded: token counts and the bill.

An impossible count or cost would spoil every sum that it is in, and a zero for what did
come is a default that the upstream has not filled in. Both are left out, and the row
says so.
"""

from math import isfinite
from typing import Any

from shared.answer.refusal import Json, table
from shared.sample import Note

MOST_TOKENS = 1_000_000_000
"""Of one call; no model has a hundredth of it as its context."""

MOST_USD = 1_000.0
"""Of one call. The dearest there is, with its whole context, is below it."""


def read_usage(
    usage: Json, cost: Any = None
) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """The possible counts and cost, by our names, and a note where one is impossible.

    cost: where the dialect has one.
    """
    found: dict[str, Any] = {}
    notes: tuple[Note, ...] = ()
    details = usage.get("completion_tokens_details")
    cached = usage.get("prompt_tokens_details")
    for name, value in (
        ("prompt_tokens", usage.get("prompt_tokens")),
        ("output_tokens", usage.get("completion_tokens")),
        ("reasoning_tokens", table(details).get("reasoning_tokens")),
        ("cached_tokens", table(cached).get("cached_tokens")),
        ("total_tokens", usage.get("total_tokens")),
    ):
        if value is not None:
            found[name] = known = count(value)
            if known is None:
                notes = (Note.TOKENS_NOT_BELIEVED,)
    if cost is not None:
        found["cost_usd"] = known_usd = usd(cost)
        if known_usd is None:
            notes += (Note.COST_NOT_BELIEVED,)
    return found, notes


def settle(
    facts: dict[str, Any], *, text: bool, reasoning: bool, cached: bool
) -> set[Note]:
    """Remove from `facts` each zero for what did come, and add `total_tokens` where
    both of its parts are known and it is not; returns the row's notes about that.

    text, reasoning: whether any came, a tool call counted as text. cached: it is an
    answer from a response cache, which took nothing.
    """
    notes = set()
    if (text or reasoning) and not cached:
        wrong = ["prompt_tokens", "output_tokens", "total_tokens"]
        wrong += ["reasoning_tokens"] if reasoning else []
        wrong = [name for name in wrong if facts.get(name) == 0]
        for name in wrong:
            del facts[name]
            notes.add(Note.TOKENS_NOT_BELIEVED)
        counted = facts.get("prompt_tokens") or facts.get("output_tokens")
        if wrong and not counted and facts.get("cost_usd") == 0:
            # nobody filled in the form, and the bill is part of it
            del facts["cost_usd"]
            notes.add(Note.COST_NOT_BELIEVED)
    parts = facts.get("prompt_tokens"), facts.get("output_tokens")
    if "total_tokens" not in facts and None not in parts:
        facts["total_tokens"] = sum(parts)
        notes.add(Note.TOKENS_SUMMED)
    return notes


def count(value: Any) -> int | None:
    """A number of tokens; None for what is no whole number from 0 to `MOST_TOKENS`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None


def usd(value: Any) -> float | None:
    """The bill of one call in USD, 1.4e-05 and the string "0.1" included; None for what
    is no number from 0 to `MOST_USD`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if isfinite(amount) and 0 <= amount <= MOST_USD else None
