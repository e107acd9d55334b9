"""How many free calls the account has today: `GET /key`, told to all workers."""

import logging

import httpx
from redis.asyncio import Redis

from shared.money import account_of, limits_of
from shared.plan import Plan
from shared.settings import Settings
from shared.store.upstream import limits
from shared.upstream.account import read_account

log = logging.getLogger(__name__)


async def learn(
    redis: Redis, client: httpx.AsyncClient, plan: Plan, settings: Settings
) -> None:
    """Ask `GET /key` for the day's cap on free calls and how many were made, where that
    limits the plan's targets at the upstream of `settings`, and no worker asked
    lately."""
    named = {
        limit.name
        for target in plan.targets
        if target.at == settings.upstream_name
        for limit in limits_of(target.model, settings)
    }
    account = account_of(settings)
    if "free" in named and await limits.to_learn(redis, account, "free"):
        said = await read_account(client, settings.called)
        if isinstance(said, str):
            log.warning("%s", said)
            return
        today = said.free_per_day, said.free_used_today
        await limits.learn(redis, account, "free", *today)
