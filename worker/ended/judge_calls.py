"""One opinion: leave to ask for it, the call, and what the judge said.

Such a call falls under the limits of the account and the budgets like every other one,
and is timed by nobody.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import token_hex

from redis.asyncio import Redis

from shared.answer import Ask, Reply, read_exchange
from shared.answer.wording import USUAL, Choice, Wording
from shared.checks import Judge, name_of, word_of
from shared.clock import monotonic_s, sleep, wall_s
from shared.money import (
    Budget,
    Price,
    limits_of,
    most_prompt_tokens,
    nano,
)
from shared.opinion import Judgeable, Opinion, target_of
from shared.plan import Message
from shared.sample import NOT_BILLED, Outcome
from shared.settings import Settings
from shared.store import away, opinions
from shared.store.client import AWAY, now_s
from shared.store.upstream import limits
from shared.store.upstream.limits import MONEY
from shared.store.upstream.money import Reservation
from shared.upstream import dialect_of
from shared.wire import request
from worker.assignment import AskedUpstream

log = logging.getLogger("worker.ended.judging")

MOST_CALLS = 3
"""For one opinion, where the judge is throttled."""
_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
"""After a call that was throttled; the longer one is the most that is heeded."""
_HOPELESS = (401, 402)
"""Statuses that forbid this key every call."""
_LONGEST_WAIT_S = 2.0
"""Before the store is asked again for leave."""


class Stopped(Exception):
    """No judge is to be asked any more; says why in a word."""


@dataclass(frozen=True, slots=True)
class JudgeUpstream:
    """An upstream at which judges are asked."""

    asked: AskedUpstream
    choice: Choice
    """How models are asked that refuse the usual request."""
    wordings: dict[str, Wording]
    """What this process has learnt of that, by model; it grows."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all opinions of one run are asked with."""

    redis: Redis
    job_id: str
    at: Mapping[str, JudgeUpstream]
    """By the upstream's name."""
    purse: str
    """Whose budgets the calls count for."""
    budget: Budget | None
    prices: Mapping[str, Price | None]
    """By whom a judge asks; unknown ones are not held."""
    settings: Settings
    """Of the process."""


async def ask(
    desk: Desk, judge: Judge, place: int, asked: Judgeable, turns: tuple[Message, ...]
) -> Opinion:
    """Ask one judge about one answer, and keep what it says.

    place: of the judge, among those of the prompt. Raises Stopped where no leave comes
    any more, and where the key is refused.
    """
    there = desk.at[target_of(judge).at].asked
    counted = limits_of(judge.model, there.settings)
    for call in range(1, MOST_CALLS + 1):
        hold = opinions.hold_of(f"{asked.step}:{asked.slot}:{place}:{token_hex(4)}")
        await _leave(desk, judge, turns, hold)
        try:
            reply, sent_s = await _reply(desk, judge, turns)
        finally:
            await limits.landed(desk.redis, there.account, counted, hold)
        if not reply.throttled or call == MOST_CALLS:
            break
        await limits.unsent(desk.redis, desk.purse, [], hold, desk.job_id)
        await sleep(_pause_s(reply, call))
    found = _opinion(judge, place, asked, reply, call, sent_s)
    await _keep(desk, found, _billed_nano(reply), hold)
    if reply.status in _HOPELESS:
        raise Stopped(reply.outcome.value)
    return found


async def _keep(desk: Desk, opinion: Opinion, cost_nano: int | None, hold: str) -> None:
    """It was paid for, so a store that is away is waited for."""
    while True:
        try:
            await opinions.keep(
                desk.redis,
                desk.job_id,
                desk.purse,
                opinion,
                cost_nano=cost_nano,
                hold=hold,
            )
            return
        except AWAY as error:
            away.say(error)
            await sleep(_PAUSE_S)


async def _leave(
    desk: Desk, judge: Judge, turns: tuple[Message, ...], hold: str
) -> None:
    """Wait until limits and budgets allow the call; raises Stopped where they never
    will."""
    asked = target_of(judge)
    there = desk.at[asked.at].asked
    price, reserved = desk.prices.get(asked.asks), None
    if desk.budget is not None and price is not None and not price.free:
        worst = price.worst_nano(most_prompt_tokens(turns), judge.max_tokens)
        reserved = Reservation(worst, desk.budget)
    while True:
        if not await opinions.is_due(desk.redis, desk.job_id):
            raise Stopped("cancelled")
        wait = await limits.leave(
            desk.redis,
            there.account,
            limits_of(judge.model, there.settings),
            hold,
            flight_s=desk.settings.total_timeout_s + 4 * desk.settings.lease_s,
            reservation=reserved,
            job_id=desk.job_id,
            purse=desk.purse,
        )
        if wait is None:
            return
        if wait.limit == MONEY and wait.why == "budget":
            raise Stopped("budget")
        left_s = wait.until_ms / 1000 - await now_s(desk.redis)
        await sleep(min(max(left_s, 0.05), _LONGEST_WAIT_S))


async def _reply(
    desk: Desk, judge: Judge, turns: tuple[Message, ...]
) -> tuple[Reply, float]:
    """What came, and when it was asked; asked again where the model refuses the form of
    the request."""
    there = desk.at[target_of(judge).at]
    settings, known = there.asked.settings, there.wordings
    dialect = dialect_of(settings)
    while True:
        wording = there.choice.of(known.get(judge.model, USUAL))
        asked = Ask(
            model=judge.model,
            messages=turns,
            max_tokens=judge.max_tokens,
            stream=False,
            temperature=judge.temperature,
            limit_field=wording.limit_field,
            stream_options=wording.stream_options,
        )
        url = settings.openrouter_base_url + dialect.PATH
        headers = dialect.headers(there.asked.key, settings)
        sent_s = monotonic_s()
        exchange = await there.asked.wire.exchange(
            request("POST", url, headers, dialect.build(asked))
        )
        reply = read_exchange(
            exchange, dialect, False, settings.max_answer_bytes, now_s=wall_s()
        )
        better = there.choice.learnt_of(wording, reply)
        if better is None:
            return reply, exchange.sent_s or sent_s
        known[judge.model] = better
        log.info("a judge is asked %s from now on", better.words())


def _pause_s(reply: Reply, call: int) -> float:
    opens_at = reply.limit.opens_at if reply.limit else None
    said_s = 0.0 if opens_at is None else opens_at - wall_s()
    return min(max(said_s, _PAUSE_S * call), _LONGEST_PAUSE_S)


def _billed_nano(reply: Reply) -> int | None:
    if reply.cost_usd is not None:
        return nano(reply.cost_usd)
    return 0 if reply.outcome in NOT_BILLED else None


def _opinion(
    judge: Judge, place: int, asked: Judgeable, reply: Reply, calls: int, sent_s: float
) -> Opinion:
    found = Opinion(
        step=asked.step,
        slot=asked.slot,
        judge=place,
        name=name_of(judge),
        model=target_of(judge).asks,
        word=None,
        status=reply.status,
        calls=calls,
        cost_usd=reply.cost_usd,
        latency_s=None if reply.ended_s is None else round(reply.ended_s - sent_s, 6),
        prompt_tokens=reply.prompt_tokens,
        output_tokens=reply.output_tokens,
        served_model=reply.served_model,
        provider=reply.provider,
        generation_id=reply.generation_id,
        text=reply.text,
    )
    if reply.outcome is not Outcome.OK:
        return replace(found, why=reply.outcome.value)
    word = word_of(reply.text)
    return replace(found, word=word, why=None if word else "unclear")
