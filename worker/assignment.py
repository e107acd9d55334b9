"""What a worker has been given to do: one shard of a step, and its means for that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis.asyncio import Redis

from shared.money import Costs, account_of
from shared.plan import Plan
from shared.settings import Settings
from shared.store.run.leases import Lease
from shared.upstream.identity import upstream_of
from shared.wire import StampCounts, Wire
from worker.checks import Checker
from worker.storeclock import StoreClock


@dataclass(frozen=True, slots=True)
class AskedUpstream:
    """One upstream of a run, as the run's workers have agreed on it. What is sent there
    is made of this alone: address, key and limits are of one and the same."""

    settings: Settings
    """As they hold there."""
    wire: Wire
    """Its connections."""
    key: str | None = field(repr=False)
    account: str
    """Whose limits its calls count for."""

    @classmethod
    def of(cls, settings: Settings, wire: Wire) -> "AskedUpstream":
        """Key and account follow from the settings; raises as `require_key` does."""
        return cls(settings, wire, settings.require_key(), account_of(settings))

    @property
    def name(self) -> str:
        """What it is called in the plan."""
        return self.settings.upstream_name

    @property
    def url(self) -> str:
        """What rows say of it: its base URL without credentials."""
        return upstream_of(self.settings.openrouter_base_url)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The same for all parts of a shard, from its start to its end."""

    redis: Redis
    plan: Plan
    lease: Lease
    """With the step's start fixed."""
    settings: Settings
    """Of the process."""
    clock: StoreClock
    upstreams: Mapping[str, AskedUpstream]
    """By name: each that the plan asks."""
    costs: Costs | None = None
    """What its calls may cost; None where no budget limits the run."""
    checker: Checker = field(default_factory=Checker)
    """Who says what answers are worth; this worker's own."""

    @property
    def job_id(self) -> str:
        """The id of the run."""
        return self.lease.job_id

    @property
    def purse(self) -> str:
        """Whose budgets its calls count for, at whatever upstream: a run has one, and
        so has a day of this server."""
        return account_of(self.settings)

    def at(self, target: int) -> AskedUpstream:
        """The upstream of a target."""
        return self.upstreams[self.plan.targets[target].at]

    def stamps(self) -> StampCounts:
        """How all reads of these wires were dated so far."""
        each = [one.wire.stats for one in self.upstreams.values()]
        return StampCounts(
            kernel=sum(one.kernel for one in each),
            loop=sum(one.loop for one in each),
            clamped=sum(one.clamped for one in each),
        )

    @property
    def origin_s(self) -> float:
        """When the step's own time was 0, monotonic (`Lease.origin_ms`)."""
        return self.clock.monotonic(self.lease.origin_ms)

    @property
    def ends_s(self) -> float:
        """When the step's time is over, monotonic; inf where it has no such end."""
        return self.origin_s + (self.lease.step.duration_s or float("inf"))
