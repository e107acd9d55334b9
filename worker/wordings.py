"""How the targets of a run are asked: in the dialect that its workers agree on,
and in words that each of them learns and shares.

A model that refuses `max_tokens` refuses each call that has it. The first such refusal
is a row like another, and its slot is offered again and asked otherwise, as are those
of the calls that were open with it.
"""

import logging
from collections.abc import Mapping
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
from shared.upstream import Contact, Contacts, check_upstreams

log = logging.getLogger("worker.wordings")


class Wordings:
    """The wordings of one shard; what is `known` of an upstream is shared by the
    process, and grows."""

    def __init__(
        self,
        plan: Plan,
        at: Mapping[str, Settings],
        known: Mapping[str, dict[str, Wording]],
        *,
        bounded: bool,
    ) -> None:
        """at: the settings at each upstream of the plan. known: by upstream and model.
        bounded: a budget needs a bound of each answer."""
        self._plan = plan
        self._choices = {
            name: choice_of(plan, settings, bounded=bounded)
            for name, settings in at.items()
        }
        self._known = known
        self.learnt: dict[str, dict[str, Wording]] = {}
        """What this shard has learnt, by upstream and model."""

    def of(self, target: int) -> Wording:
        """How the target is asked now."""
        asked = self._plan.targets[target]
        known = self._known[asked.at].get(asked.model, USUAL)
        return self._choices[asked.at].of(known)

    def learn(self, target: int, asked: Wording, reply: Reply) -> bool:
        """Whether a call was refused for its wording, `asked`, so that its slot has to
        be asked again in other words."""
        whom = self._plan.targets[target]
        better = self._choices[whom.at].learnt_of(asked, reply)
        if better is None:
            return False
        if self.of(target) == asked:  # else another call has taught us
            self._known[whom.at][whom.model] = better
            self.learnt.setdefault(whom.at, {})[whom.model] = better
            log.info("%s is asked %s from now on", whom.asks, better.words())
        return True

    def words(self) -> list[str]:
        """Each target that refuses the usual request, and how it is asked."""
        each = []
        for target in self._plan.targets:
            known = self._known[target.at].get(target.model, USUAL)
            each.append((target.label(), self._choices[target.at].because(known)))
        return [f"{label} was asked {words}" for label, words in each if words]


async def agreed_settings(redis: Redis, job_id: str, contact: Contact) -> Settings:
    """Our settings at this upstream, with the dialect that the run's first worker has
    found.

    Another worker may have met the upstream while it listed nothing, or be set
    otherwise: half of a run's rows would then lack what the other half has.
    """
    settings = await contact.meet()
    ours = settings.upstream
    dialect = await dialects.agree(
        redis, job_id, ours.dialect, name=settings.upstream_name
    )
    if dialect == ours.dialect:
        return settings
    log.warning(
        "benchmark %s is asked as %s, as its first worker found; here it is %s",
        job_id,
        dialect,
        ours.dialect,
    )
    return settings.with_upstream(replace(ours, dialect=dialect))


async def agreed_at(
    redis: Redis, job_id: str, plan: Plan, contacts: Contacts
) -> dict[str, Settings]:
    """The same at each upstream of the plan; raises BadPlan where one is not here."""
    check_upstreams(plan, contacts.names)
    return {
        name: await agreed_settings(redis, job_id, contacts.of(name))
        for name in plan.upstreams()
    }


async def wordings_of(
    redis: Redis,
    contacts: Contacts,
    plan: Plan,
    at: Mapping[str, Settings],
    *,
    bounded: bool,
) -> Wordings:
    """How a shard asks the plan's targets, with what other shards have learnt.

    at: the settings at each upstream of the plan."""
    known = {}
    for name, settings in at.items():
        models = [target.model for target in plan.targets if target.at == name]
        known[name] = contacts.of(name).wordings
        known[name] |= await stored.read(redis, account_of(settings), models)
    return Wordings(plan, at, known, bounded=bounded)


async def share_learnt(
    redis: Redis, at: Mapping[str, Settings], wordings: Wordings
) -> None:
    """Let other shards know what this one has learnt."""
    for name, learnt in wordings.learnt.items():
        with suppress(*AWAY):
            await stored.write(redis, account_of(at[name]), learnt)
