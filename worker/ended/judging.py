"""Judges asked about a run's answers, after its last call and before its reduce.

Never beside a measurement of this worker: while a shard is worked on here, no call
begins. One worker holds the run's reduce and asks; each opinion is kept when it comes,
so after a kill another asks for those that are missing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from redis.asyncio import Redis

from shared.answer.wording import choice_of
from shared.clock import monotonic_s, sleep
from shared.errors import BadPlan, CatalogueDown, Misconfigured, UnknownPrice
from shared.money import Price, account_of, budget_of, check_judges
from shared.opinion import judge_targets
from shared.plan import Plan
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import away, opinions
from shared.store.client import AWAY
from shared.store.run import reduces, runs
from shared.upstream import Contacts, prices_of
from worker.assignment import AskedUpstream
from worker.ended.judge_calls import Desk, JudgeUpstream
from worker.ended.judge_lanes import JudgeLanes
from worker.tasks import cancel
from worker.wordings import agreed_settings

log = logging.getLogger("worker.ended.judging")

_LOOK_S = 0.25
_PATIENCE_S = 5.0
"""How long workers that hold a shard of it are waited for."""
_LATER_S = 5.0
"""Until the next try, where an upstream or a store failed us."""


class JudgeQueue:
    """The runs that one worker has judged; `offer` takes them up, `close` leaves
    them."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        contacts: Contacts,
        name: str,
        *,
        busy: Callable[[], bool],
    ) -> None:
        """settings: of the process. busy: whether something is measured here now."""
        self._redis = redis
        self._contacts = contacts
        self._settings = settings
        self._name = name
        self._busy = busy
        self._since_s: dict[str, float] = {}
        """Run -> since when it is known here, monotonic."""
        self._not_before_s: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._now: tuple[str, asyncio.Task[str]] | None = None
        self._tries = 0
        self._closing = False

    def offer(self, open_runs: Iterable[Run]) -> None:
        """Judge one of these that wait for it, where none is under way here."""
        waiting = [run for run in open_runs if is_next(run)]
        now_s = monotonic_s()
        since_s = self._since_s
        self._since_s = {run.job_id: since_s.get(run.job_id, now_s) for run in waiting}
        if self._now is not None and self._now[0] not in self._since_s:
            self._now[1].cancel()  # somebody has cancelled the run
        if self._closing or (self._task is not None and not self._task.done()):
            return
        ready = [r for r in waiting if self._not_before_s.get(r.job_id, 0) <= now_s]
        if ready:
            self._task = asyncio.create_task(self._one_of(ready), name="judging")

    async def close(self) -> None:
        """Leave what is under way to other workers."""
        self._closing = True
        if self._task is not None:
            await cancel(self._task)

    async def _one_of(self, waiting: list[Run]) -> None:
        for run in waiting:
            try:
                patient = monotonic_s() - self._since_s[run.job_id] < _PATIENCE_S
                self._tries += 1
                ticket = f"{self._name}:judge:{self._tries}"
                claimed = await reduces.claim(
                    self._redis,
                    run,
                    ticket,
                    lease_s=self._settings.lease_s,
                    patient=patient,
                )
                if claimed == "ours":
                    await self._judge_under_lease(run, ticket)
                    return
            except AWAY as error:
                away.say(error)
                self._later(run)
            except Exception:
                log.exception("the judging of %s broke; it is tried again", run.job_id)
                self._later(run)

    def _later(self, run: Run) -> None:
        self._not_before_s[run.job_id] = monotonic_s() + _LATER_S

    async def _judge_under_lease(self, run: Run, ticket: str) -> None:
        """Judge it while it is to be judged. The lease of its reduce is ours, and is
        given back at the end. Once it is lost no judge is asked any more: another
        worker asks the same ones, and opinions are paid for."""
        job_id = run.job_id
        asking = asyncio.create_task(self._judge(run), name=f"judging-{job_id}")
        self._now = job_id, asking
        try:
            while not asking.done():
                await asyncio.wait((asking,), timeout=self._settings.heartbeat_s)
                with suppress(*AWAY):
                    lease_s = self._settings.lease_s
                    if not await reduces.renew(
                        self._redis, job_id, ticket, lease_s=lease_s
                    ):
                        log.warning("the judging of %s is another worker's", job_id)
                        return
            if not asking.cancelled():
                why = asking.result()
                await opinions.end(self._redis, job_id, why)
                log.info("benchmark %s was judged%s", job_id, why and f": {why}")
        finally:
            self._now = None
            await cancel(asking)
            with suppress(*AWAY):
                await reduces.leave(self._redis, job_id, ticket)
                await opinions.tell(self._redis, job_id)

    async def _judge(self, run: Run) -> str:
        """Ask for every opinion that is missing; why not for all, "" where for all."""
        if run.ending is Ending.CANCELLED:
            return "cancelled"
        if run.ending is None or run.ending.status is not Status.DONE:
            return "run_failed"
        plan = await runs.plan_of(self._redis, run.job_id)
        try:
            desk = await self._desk(plan, run.job_id)
        except Misconfigured as error:  # a key that is missing, too
            log.error("benchmark %s is not judged: %s", run.job_id, error)
            return "no_key"
        except BadPlan as error:
            log.error("benchmark %s is not judged: %s", run.job_id, error)
            return "no_upstream"
        except UnknownPrice as error:
            log.error("benchmark %s is not judged: %s", run.job_id, error)
            return "unknown_price"
        return await JudgeLanes(desk, plan, self._quiet).run()

    async def _desk(self, plan: Plan, job_id: str) -> Desk:
        """Raises BadPlan for an upstream that is not here, Misconfigured where it has
        no key, and UnknownPrice where a budget could not be kept."""
        budget = budget_of(plan, self._settings)
        at = {}
        for name in {judge.at for judge in judge_targets(plan)}:
            contact = self._contacts.of(name)
            settings = await agreed_settings(self._redis, job_id, contact)
            at[name] = JudgeUpstream(
                AskedUpstream.of(settings, contact.wire),
                choice_of(plan, settings, bounded=budget is not None),
                contact.wordings,
            )
        prices = {} if budget is None else await self._prices(plan, at)
        return Desk(
            redis=self._redis,
            job_id=job_id,
            at=at,
            purse=account_of(self._settings),
            budget=budget,
            prices=prices,
            settings=self._settings,
        )

    async def _prices(
        self, plan: Plan, at: Mapping[str, JudgeUpstream]
    ) -> dict[str, Price | None]:
        """What each judge costs now; raises UnknownPrice where a budget could not be
        kept."""
        judges = judge_targets(plan)
        there = {name: one.asked.settings for name, one in at.items()}
        while True:
            try:
                found = await prices_of(judges, self._contacts, there)
                break
            except CatalogueDown as error:
                log.warning("what judges cost is not known yet: %s", error)
                await sleep(_LATER_S)
        check_judges(plan, found, self._settings)
        return {each.asks: price for each, price in zip(judges, found, strict=True)}

    async def _quiet(self) -> None:
        """Wait until this worker measures nothing; yields to the loop in any case."""
        await sleep(0)
        while self._busy():
            await sleep(_LOOK_S)


def is_next(run: Run) -> bool:
    """Whether its judges are asked now: after its last row."""
    return run.status is Status.REDUCING and run.judging
