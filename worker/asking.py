"""What has to be known before the first call of a run, and is the same for all of its
workers: in which dialect, and in which words, its targets are asked.
"""

import logging
from contextlib import suppress
from dataclasses import replace

from redis.asyncio import Redis

from shared.money import account_of
from shared.plan import Plan
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import dialects
from shared.store.upstream import wordings as stored
from shared.upstream import Contact
from worker.wordings import Wordings

log = logging.getLogger("worker")


async def agreed(redis: Redis, job_id: str, contact: Contact) -> Settings:
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


async def words(
    redis: Redis, contact: Contact, plan: Plan, settings: Settings, *, bounded: bool
) -> Wordings:
    """How the targets are asked, as others have learnt before. bounded: see
    `Wordings`."""
    models = [target.model for target in plan.targets]
    contact.wordings |= await stored.read(redis, account_of(settings), models)
    return Wordings(plan, settings, contact.wordings, bounded=bounded)


async def end(redis: Redis, settings: Settings, wordings: Wordings) -> None:
    """Tell others what was learnt."""
    if wordings.learnt:
        with suppress(*AWAY):
            await stored.write(redis, account_of(settings), wordings.learnt)
