"""What OpenRouter says of the account behind a key: `GET /key`."""

import asyncio
from dataclasses import dataclass

import httpx
from pydantic_core import from_json

from shared.answer import refusal as complaint
from shared.answer.refusal import Json, table
from shared.answer.usage import count
from shared.settings.called import SETTINGS, Called

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One reading. None: it does not say."""

    label: str | None = None
    """The key with its middle left out, as the upstream shows it."""
    limit_usd: float | None = None
    """What this key may spend; None also for a key without a limit."""
    limit_remaining_usd: float | None = None
    usage_usd: float | None = None
    """Spent with this key, ever."""
    usage_today_usd: float | None = None
    is_free_tier: bool | None = None
    """Nothing was ever bought."""
    free_per_day: int | None = None
    """Calls of `:free` models in a UTC day."""
    free_used_today: int | None = None
    """By the upstream's own count, which may lag."""


class KeyRefused(str):
    """The sentence of why a key is not accepted."""

    __slots__ = ()


async def read_account(
    client: httpx.AsyncClient, called: Called = SETTINGS
) -> Account | str:
    """Ask for it; where there is no answer, the sentence of why it is not known.

    called: what to change where that is wrong."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await client.get("/key", timeout=TIMEOUT_S)
    except (httpx.HTTPError, TimeoutError) as error:
        why = complaint.safe(str(error) or type(error).__name__).rstrip(".")
        return (
            f"GET /key upstream was not answered ({why}). Check {called.base_url} and"
            " the network."
        )
    if answer.status_code == 401:
        return KeyRefused(
            f"The upstream does not accept the key: GET /key answered 401,"
            f" {complaint.said(answer.content)}. Put a valid {called.key} into"
            f" {called.key_place}, and start again."
        )
    if answer.status_code == 404:
        return (
            "The upstream's own figures are not known: it has no GET /key, as mirrors"
            " of OpenRouter may not."
        )
    if answer.status_code != 200:
        return (
            f"GET /key upstream answered {answer.status_code},"
            f" {complaint.said(answer.content)}; ask again later."
        )
    try:
        return parse_account(answer.content)
    except ValueError:
        return (
            "GET /key upstream answered with no JSON. Check that"
            f" {called.base_url} is an API and not a web page."
        )


def parse_account(body: bytes) -> Account:
    """The account of a `/key` body; what cannot be understood is unknown.

    Raises ValueError when the body is no JSON.
    """
    data = table(table(from_json(body)).get("data"))
    daily = table(data.get("free_model_daily_requests"))
    label, tier = data.get("label"), data.get("is_free_tier")
    return Account(
        label=label[:100] if isinstance(label, str) else None,
        limit_usd=_usd(data, "limit"),
        limit_remaining_usd=_usd(data, "limit_remaining"),
        usage_usd=_usd(data, "usage"),
        usage_today_usd=_usd(data, "usage_daily"),
        is_free_tier=tier if isinstance(tier, bool) else None,
        free_per_day=_whole(daily, "limit"),
        free_used_today=_whole(daily, "used"),
    )


def _usd(data: Json, name: str) -> float | None:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _whole(data: Json, name: str) -> int | None:
    return count(data.get(name))
