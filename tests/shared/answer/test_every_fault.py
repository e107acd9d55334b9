"""Every fault that the simulator knows, read as the simulator says it must be."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from shared.answer.dialects import openrouter
from shared.answer.reading import has_token, read_exchange
from shared.answer.reply import Ask, Reply
from shared.plan.prompts import Message
from shared.sample import Note
from shared.wire.wire import Caps, Deadlines, Exchange, Wire, request
from tests.children import Simulator, simulator, until

# Short, so that what never ends is over soon; the total one leaves room for padding.
NOW_S = 1.8e9
DEADLINES = Deadlines(connect_s=5, first_token_s=0.6, idle_s=1.0, total_s=2.0)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "6") as running:
        yield running


AT_ONCE = 6
"""Calls that are open at a time: most of the slow ones wait for what never comes."""


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_outcome_tokens_and_cost_of_every_fault_equal_the_ledger(
    upstream: Simulator, stream: bool
) -> None:
    faults = list(upstream.get("/sim/faults"))
    assert len(faults) > 80
    before = len(upstream.ledger())
    wire, lane = Wire(deadlines=DEADLINES, caps=Caps()), asyncio.Semaphore(AT_ONCE)
    replies = await asyncio.gather(
        *(reply_to(name, stream, upstream, wire, lane) for name in faults)
    )
    await wire.aclose()
    records = await over(upstream, before, len(faults))
    wrong: list[tuple[object, ...]] = []
    for name, reply in zip(faults, replies, strict=True):
        record = records[name]
        if not RIGHT.get(name, anything)(reply, stream):
            wrong.append((name, reply, "RIGHT"))
        found = (reply.outcome.value, reply.status)
        true = (record["outcome"], record["status"])
        if found != true:
            wrong.append((name, found, true))
        if name in ("cache-hit", "cost-half"):
            continue  # what these tell of their cost is not what was billed
        cost = record["cost_usd"]
        assert isinstance(cost, str)
        if reply.cost_usd not in (None, float(cost)):
            wrong.append((name, reply.cost_usd, cost))
        if reply.tokens_from == "usage" and reply.outcome == "ok":
            tokens = (reply.prompt_tokens, reply.output_tokens)
            if tokens != (record["prompt_tokens"], record["completion_tokens"]):
                wrong.append((name, tokens, record))
    assert not wrong, "\n".join(map(str, wrong))


async def reply_to(
    name: str, stream: bool, upstream: Simulator, wire: Wire, lane: asyncio.Semaphore
) -> Reply:
    """What is read of one call with this fault."""
    ask = Ask(
        model=f"fault/{name}",
        messages=(Message(role="user", content="Say something."),),
        max_tokens=64,
        stream=stream,
    )
    sent = request(
        "POST",
        upstream.base_url + openrouter.PATH,
        {"Content-Type": "application/json", "Authorization": "Bearer sk-or-v1-x"},
        openrouter.build(ask),
    )
    async with lane:
        exchange = await wire.exchange(sent, has_token=came if stream else None)
    return read_exchange(exchange, openrouter, stream, 65_536, now_s=NOW_S)


def anything(reply: Reply, stream: bool) -> bool:
    return True


def said(reply: Reply, *notes: Note) -> bool:
    """Whether it notes these; a busy machine may make any stream a burst."""
    return set((reply.notes or "").split()) - {Note.ONE_BURST} == set(notes)


RIGHT: dict[str, Callable[[Reply, bool], bool]] = {
    "error-flat": lambda r, s: r.throttled and bool(r.text) is s,
    "error-object": lambda r, s: r.error == "No such model" and bool(r.text) is s,
    "error-detail": lambda r, s: r.error == "Worker died" and bool(r.text) is s,
    "error-list": lambda r, s: r.throttled and bool(r.text) is s,
    "error-event": lambda r, s: r.throttled and bool(r.text) is s,
    "usage-zero": lambda r, s: (
        (r.output_tokens, r.tokens_from) == ((6, "events") if s else (None, None))
        and said(r, Note.TOKENS_NOT_BELIEVED, Note.COST_NOT_BELIEVED)
    ),
    "usage-zero-last": lambda r, s: r.tokens_from == "usage" and said(r),
    "total-missing": lambda r, s: (
        r.total_tokens == (r.prompt_tokens or 0) + 6 and said(r, Note.TOKENS_SUMMED)
    ),
    "cost-absurd": lambda r, s: r.cost_usd is None and said(r, Note.COST_NOT_BELIEVED),
    "count-absurd": lambda r, s: (
        r.output_tokens == (6 if s else None) and said(r, Note.TOKENS_NOT_BELIEVED)
    ),
    "one-burst": lambda r, s: r.is_burst is s and r.output_tokens == 6,
    "content-parts": lambda r, s: bool(r.reasoning and r.text) and said(r),
    "reasoning-content": lambda r, s: bool(r.reasoning and r.text) and said(r),
    "thinking": lambda r, s: bool(r.reasoning and r.text) and said(r),
    "reasoning-details": lambda r, s: bool(r.reasoning and r.text) and said(r),
    "text-then-tool-call": lambda r, s: len(r.token_events_s) == (7 if s else 0),
    "tool-call-in-pieces": lambda r, s: (
        (len(r.token_events_s), r.text) == (6 if s else 0, "")
    ),
    "odd-events": lambda r, s: len(r.token_events_s) == (6 if s else 0),
    "half-emojis": lambda r, s: not s or r.text == "😀" * 3,
    "not-streamed": lambda r, s: said(r, *([Note.NOT_STREAMED] if s else [])),
    "retry-after-ms": lambda r, s: (
        r.limit is not None and r.limit.opens_at == NOW_S + 0.25
    ),
    "reset": lambda r, s: r.limit is not None and r.limit.opens_at == NOW_S + 360,
}
"""What is right of the answers of odd forms, beside the ledger. (reply, streamed)"""


def came(exchange: Exchange) -> bool:
    return has_token(exchange, openrouter)


async def over(
    upstream: Simulator, before: int, n: int
) -> dict[str, dict[str, object]]:
    """The `n` records after the first `before` by their faults, once the simulator has
    noticed that all these calls are over."""
    records: list[dict[str, object]] = []

    async def ended() -> bool:
        records[:] = upstream.ledger()[before:]
        return all(record["outcome"] is not None for record in records)

    await until(ended, "the end of all calls in the ledger")
    found = {str(record["fault"]): record for record in records}
    assert len(found) == len(records) == n, "a fault has its one record"
    return found


def test_the_list_of_faults_says_what_each_does(upstream: Simulator) -> None:
    assert all(upstream.get("/sim/faults").values())
