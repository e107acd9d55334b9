"""What a worker has been given to do: one shard of a step, and its means for that."""

from dataclasses import dataclass, field

from redis.asyncio import Redis

from shared.money import Costs, account_of
from shared.plan import Plan
from shared.settings import Settings
from shared.store.run.leases import Lease
from worker.checks import Checker
from worker.storeclock import StoreClock


@dataclass(frozen=True, slots=True)
class Assignment:
    """The same for all parts of a shard, from its start to its end."""

    redis: Redis
    plan: Plan
    lease: Lease
    """With the step's start fixed."""
    settings: Settings
    """As the run's workers have agreed on them."""
    clock: StoreClock
    costs: Costs | None = None
    """What its calls may cost; None where no budget limits the run."""
    checker: Checker = field(default_factory=Checker)
    """Who says what answers are worth; this worker's own."""

    @property
    def job_id(self) -> str:
        """The id of the run."""
        return self.lease.job_id

    @property
    def account(self) -> str:
        """Whose limits and budgets its calls count for."""
        return account_of(self.settings)

    @property
    def origin_s(self) -> float:
        """When the step's own time was 0, monotonic (`Lease.origin_ms`)."""
        return self.clock.monotonic(self.lease.origin_ms)

    @property
    def ends_s(self) -> float:
        """When the step's time is over, monotonic; inf where it has no such end."""
        return self.origin_s + (self.lease.step.duration_s or float("inf"))
