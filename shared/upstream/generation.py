"""`GET /generation`: what OpenRouter billed for one call.

The bill comes late: a 404 for the first seconds is normal, for some minutes not rare,
and for free models often for ever.
"""

import asyncio

import httpx
from pydantic_core import from_json

from shared.answer.dialects import chat
from shared.answer.refusal import table
from shared.answer.usage import count, usd
from shared.money.reconciliation import Bill, BillReply

TIMEOUT_S = 10.0


async def read_generation(client: httpx.AsyncClient, generation_id: str) -> BillReply:
    """Ask for it once; never raises for what the upstream does."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await client.get(
                "/generation", params={"id": generation_id}, timeout=TIMEOUT_S
            )
        if answer.status_code != 200:
            return BillReply(answer.status_code)
        return BillReply(200, parse_generation(answer.content))
    except (httpx.HTTPError, TimeoutError):
        return BillReply(None)


def parse_generation(body: bytes) -> Bill | None:
    """The bill in a `/generation` body; None where there is none.

    Tokens are the native ones: those are billed, and are what `usage` has in an answer.
    """
    try:
        data = table(table(from_json(body)).get("data"))
    except ValueError:
        return None
    if not data:
        return None
    return Bill(
        cost_usd=usd(data.get("total_cost")),
        provider=chat.label(data.get("provider_name")),
        prompt_tokens=count(data.get("native_tokens_prompt")),
        output_tokens=count(data.get("native_tokens_completion")),
        reasoning_tokens=count(data.get("native_tokens_reasoning")),
    )
