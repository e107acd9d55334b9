"""The prices that a worker holds its runs to."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from itertools import zip_longest

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.errors import CatalogueDown
from shared.money import Costs, Price, account_of, budget_of, check_prices
from shared.plan import Plan
from shared.settings import Settings
from shared.store.run import runs
from shared.store.upstream import money
from shared.upstream import Contacts, prices_of

log = logging.getLogger("worker.gate.purse")

_KEPT = 8
_ASK_S = 5.0
"""How long prices are asked for: other runs wait to be claimed meanwhile."""


class Purse:
    """What the runs cost that a worker takes on, by the upstream's present prices."""

    def __init__(self, redis: Redis, settings: Settings, contacts: Contacts) -> None:
        """settings: of the process."""
        self._redis = redis
        self._settings = settings
        self._account = account_of(settings)
        self._contacts = contacts
        self._known: OrderedDict[str, tuple[float, Costs]] = OrderedDict()

    async def costs(
        self, plan: Plan, job_id: str, at: Mapping[str, Settings]
    ) -> Costs | None:
        """The worst costs of one run's calls; None where no budget limits it. at: the
        settings at each of its upstreams.

        Raises UnknownPrice where a budget could not be kept.
        """
        settings = self._settings
        budget = budget_of(plan, settings)
        if budget is None:
            return None
        asked_s, costs = self._known.get(job_id, (0.0, None))
        now_s = monotonic_s()
        if costs is None or now_s - asked_s > settings.models_refresh_s:
            prices = await self._prices(plan, job_id, at)
            check_prices(plan, prices, settings)
            costs = Costs(plan, prices, budget)
            self._known[job_id] = (now_s, costs)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return costs

    async def _prices(
        self, plan: Plan, job_id: str, at: Mapping[str, Settings]
    ) -> tuple[Price | None, ...]:
        """The prices now; where the upstream does not say, those of when the run was
        made."""
        then = await runs.prices_of(self._redis, job_id)
        now: tuple[Price | None, ...] = ()
        try:
            async with asyncio.timeout(_ASK_S):
                now = await prices_of(plan.targets, self._contacts, at)
        except (CatalogueDown, TimeoutError) as error:
            log.warning("%s is held to the prices of its beginning: %s", job_id, error)
        both = zip_longest(now, then)
        found = tuple(price or old for price, old in both)
        return found or (None,) * len(plan.targets)

    async def lapse(self, job_id: str) -> None:
        """Count reservations that were held too long as perhaps billed."""
        await money.lapse(self._redis, job_id, self._account)
