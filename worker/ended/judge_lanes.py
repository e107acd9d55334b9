"""The opinions of one run that are missing, asked for by so many lanes at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from shared.opinion import (
    Judgeable,
    Opinion,
    code_of,
    is_judged,
    judges_of,
    kept_of,
    turns_of,
    warmups,
)
from shared.plan import Plan, work
from shared.sample import decode
from shared.store import opinions
from worker.ended import judge_calls
from worker.ended.judge_calls import Desk, Stopped

log = logging.getLogger("worker.ended.judging")

_PAGE = 100
"""Rows or answers read at a stretch: a millisecond or two."""
_MOST_FAILED = 10
"""Calls in a row that brought no answer, after which no more is asked for."""


class JudgeLanes:
    """One run's judging, from where it was left."""

    def __init__(
        self, desk: Desk, plan: Plan, quiet: Callable[[], Awaitable[None]]
    ) -> None:
        """quiet: returns when nothing is measured here."""
        self._desk = desk
        self._plan = plan
        self._quiet = quiet
        self._why = ""
        self._failed = 0

    async def run(self) -> str:
        """Ask for all that is missing; what kept it from that, "" for nothing."""
        desk = self._desk
        waiting: asyncio.Queue[tuple[Judgeable, str] | None] = asyncio.Queue(1)
        attempts = await self._answered()
        to_judge = sum(
            len(judges_of(self._plan, work(self._plan, *place).prompt))
            for place in attempts
        )
        if not await opinions.begin(desk.redis, desk.job_id, to_judge):
            return "cancelled"
        known = {place[:2] for place in await opinions.places(desk.redis, desk.job_id)}

        async def lane() -> None:
            while (found := await waiting.get()) is not None:
                if not self._why:
                    await self._judge(*found, begun=found[0][:2] in known)

        async with asyncio.TaskGroup() as lanes:
            number = desk.settings.judge_concurrency
            for _ in range(number):
                lanes.create_task(lane())
            async for found in self._answers(attempts):
                if self._why:
                    break
                await waiting.put(found)
            for _ in range(number):
                await waiting.put(None)
        return self._why

    async def _judge(self, asked: Judgeable, answer: str, *, begun: bool) -> None:
        """Ask the judges of one answer in their order, until it has failed. begun: some
        of them were asked before."""
        desk, plan = self._desk, self._plan
        judges = judges_of(plan, asked.work.prompt)
        said: list[Opinion | None] = [None] * len(judges)
        if begun:
            said = await opinions.of_slot(
                desk.redis, desk.job_id, asked.step, asked.slot, len(judges)
            )
        code = code_of(desk.job_id, asked)
        for place, judge in enumerate(judges):
            found = said[place]
            if found is None:
                await self._quiet()
                if self._why:
                    return
                turns = turns_of(plan, judge, asked, answer, code)
                try:
                    found = await judge_calls.ask(desk, judge, place, asked, turns)
                except Stopped as stop:
                    self._why = self._why or str(stop)
                    return
                self._heard(found)
            if found.word is not None and not judge.passes(found.word):
                return

    def _heard(self, found: Opinion) -> None:
        """A judge that is down is not asked about a thousand answers."""
        answered = found.word is not None or found.why == "unclear"
        self._failed = 0 if answered else self._failed + 1
        if self._failed >= _MOST_FAILED and not self._why:
            self._why = "gave_up"
            log.error(
                "the judge of %s has failed %d times in a row (%s); no more is asked",
                *(self._desk.job_id, self._failed, found.why),
            )

    async def _answered(self) -> dict[tuple[int, int], int]:
        """(step, slot) -> the attempt whose answer is to be judged."""
        warm, found, start = warmups(self._plan), dict[tuple[int, int], int](), 0
        desk = self._desk
        while page := await opinions.rows(desk.redis, desk.job_id, start, _PAGE):
            await self._quiet()
            for row in map(decode, page):
                if is_judged(self._plan, row, warm):
                    found[row.step, row.slot] = row.attempt
            start += len(page)
        return found

    async def _answers(
        self, attempts: dict[tuple[int, int], int]
    ) -> AsyncIterator[tuple[Judgeable, str]]:
        """Those of them that the store has whole, with their text."""
        desk, start = self._desk, 0
        while page := await opinions.answers(desk.redis, desk.job_id, start, _PAGE):
            await self._quiet()
            for kept in map(kept_of, page):
                step, slot, attempt = kept.place
                if kept.is_whole and attempts.get((step, slot)) == attempt:
                    asked = work(self._plan, step, slot)
                    yield Judgeable(step, slot, attempt, asked), kept.text
            start += len(page)
