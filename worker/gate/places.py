"""What one shard knows of its upstream and of each target: answered, failing, down."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.plan import Target
from shared.store.run.outages import Outage, of_target, of_upstream
from worker.rows import ReadAttempt

_NEVER_S = float("inf")


@dataclass(slots=True)
class Down:
    """An outage, as one shard knows it."""

    outage: Outage
    told_s: float
    """Monotonic: a call that began earlier has nothing new to say."""
    tripped_s: float
    """Monotonic: when the shard knew of it."""


@dataclass(slots=True)
class Place:
    """The upstream, or one target of it."""

    failed: list[ReadAttempt] = field(default_factory=list)
    """In a row; their rows wait until it is known what they are."""
    answered: bool = False
    """Whether it ever was, in this shard."""
    down: Down | None = None

    def take_failed(self, before_s: float = _NEVER_S) -> list[ReadAttempt]:
        """Those whose call began before then; they are here no more."""
        taken = [one for one in self.failed if one.call.started_s < before_s]
        self.failed = [one for one in self.failed if one.call.started_s >= before_s]
        return taken


class Places(dict[str, Place]):
    """Places by name; one that is missing is made when it is asked for."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """targets: of the plan, in its order."""
        super().__init__()
        self._of = [
            (of_upstream(target.at), of_target(index))
            for index, target in enumerate(targets)
        ]
        self._labels = {of_target(n): each.label() for n, each in enumerate(targets)}
        self._upstreams = {of_upstream(target.at): target.at for target in targets}

    def __missing__(self, name: str) -> Place:
        place = self[name] = Place()
        return place

    @property
    def held(self) -> int:
        """Rows that wait until it is known what they are."""
        return sum(len(place.failed) for place in self.values())

    @property
    def outage(self) -> Outage | None:
        """The youngest of those that are under way; None: nothing is down. Its words
        name the target, where one of several is down."""
        down = [(p.down.outage, name) for name, p in self.items() if p.down]
        if not down:
            return None
        outage, name = max(down, key=lambda one: one[0].since_ms)
        alike = self._upstreams if name in self._upstreams else self._labels
        if len(alike) < 2:
            return outage
        return replace(outage, words=f"{alike[name]}: {outage.words}")

    def of(self, target: int) -> tuple[str, str]:
        """The places that a call of this target depends on: its upstream, and it."""
        return self._of[target]

    def down(self, name: str) -> Down | None:
        """Its outage; None: it is not known to be down."""
        place = self.get(name)
        return None if place is None else place.down

    def stopped_s(self, targets: int) -> float:
        """Since when no call has begun but to try, monotonic; inf where one may."""
        since_s = 0.0
        for target in range(targets):
            down = [d for name in self.of(target) if (d := self.down(name))]
            tripped_s = min((d.tripped_s for d in down), default=_NEVER_S)
            since_s = max(since_s, tripped_s)
        return since_s
