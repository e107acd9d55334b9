"""How the targets of a run are asked: in the dialect that its workers agree on,
and in words that each of them learns and shares.

A model that refuses `max_tokens` refuses each call that has it. The first such refusal
is a row like another, and its slot is offered again and asked otherwise, as are those
of the calls that were open with it.
"""

import logging
from contextlib import suppress
from dataclasses import replace

from redis.asyncio import Redis

from shared.answer import Reply
from shared.answer.wording import USUAL, Wording, choice_of
from shared.money import account_of
from shared.plan import Plan
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import dialects
from shared.store.upstream import wordings as stored
from shared.upstream import Contact

log = logging.getLogger("worker.wordings")


class Wordings:
    """The wordings of one shard; `known` is shared by the process, and grows."""

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        known: dict[str, Wording],
        *,
        bounded: bool,
    ) -> None:
        """known: by model. bounded: a budget needs a bound of each answer."""
        self._plan = plan
        self._choice = choice_of(plan, settings, bounded=bounded)
        self._known = known
        self.learnt: dict[str, Wording] = {}
        """What this shard has learnt, by model."""

    def of(self, target: int) -> Wording:
        """How the target is asked now."""
        model = self._plan.targets[target].model
        return self._choice.of(self._known.get(model, USUAL))

    def learn(self, target: int, asked: Wording, reply: Reply) -> bool:
        """Whether a call was refused for its wording, `asked`, so that its slot has to
        be asked again in other words."""
        better = self._choice.learnt_of(asked, reply)
        if better is None:
            return False
        if self.of(target) == asked:  # else another call has taught us
            model = self._plan.targets[target].model
            self._known[model] = self.learnt[model] = better
            log.info("%s is asked %s from now on", model, better.words())
        return True

    def words(self) -> list[str]:
        """Each target that refuses the usual request, and how it is asked."""
        each = (
            (target.label(), self._choice.because(self._known.get(target.model, USUAL)))
            for target in self._plan.targets
        )
        return [f"{label} was asked {words}" for label, words in each if words]


async def agreed_settings(redis: Redis, job_id: str, contact: Contact) -> Settings:
    """Our settings, with the dialect that the run's first worker has found.

    Another worker may have met the upstream while it listed nothing, or be set
    otherwise: half of a run's rows would then lack what the other half has.
    """
    settings = await contact.meet()
    ours = settings.upstream
    dialect = await dialects.agree(redis, job_id, ours.dialect)
    if dialect == ours.dialect:
        return settings
    log.warning(
        "benchmark %s is asked as %s, as its first worker found; here it is %s",
        job_id,
        dialect,
        ours.dialect,
    )
    return settings.with_upstream(replace(ours, dialect=dialect))


async def wordings_of(
    redis: Redis, contact: Contact, plan: Plan, settings: Settings, *, bounded: bool
) -> Wordings:
    """How a shard asks the plan's targets, with what other shards have learnt."""
    models = [target.model for target in plan.targets]
    contact.wordings |= await stored.read(redis, account_of(settings), models)
    return Wordings(plan, settings, contact.wordings, bounded=bounded)


async def share_learnt(redis: Redis, settings: Settings, wordings: Wordings) -> None:
    """Let other shards know what this one has learnt."""
    if wordings.learnt:
        with suppress(*AWAY):
            await stored.write(redis, account_of(settings), wordings.learnt)
