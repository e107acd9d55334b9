"""How a run's calls are spoken: the same on all its workers, known before the first."""

import logging
from dataclasses import replace

from redis.asyncio import Redis

from shared.settings import Settings
from shared.store import dialects
from shared.upstream.contact import Contact

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
