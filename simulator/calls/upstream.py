"""One simulated upstream: what it was told and what it remembers."""

from dataclasses import dataclass, field
from random import Random

from simulator.catalogue import Model, MovingShares
from simulator.config import Config
from simulator.ledger import Ledger
from simulator.pace.limits import FreeTier, Pool


@dataclass(frozen=True, slots=True)
class Upstream:
    """One simulated upstream: what it was told and what it remembers."""

    config: Config
    ledger: Ledger
    free_tier: FreeTier | None
    pools: dict[str, Pool] = field(default_factory=dict)
    """Model -> its shared pool; made when it is first asked."""
    routers: dict[str, MovingShares] = field(default_factory=dict)
    """Model -> its router, in the same way."""

    def is_busy(self, model: Model, now_s: float) -> bool:
        """Whether the model's pool takes no call now."""
        per_minute = dict(self.config.pools).get(model.id)
        if per_minute is None:
            return False
        return not self.pools.setdefault(model.id, Pool(per_minute)).takes(now_s)

    def router_draw(self, model: Model, own: float) -> float:
        """Where a call falls among the providers of the model: by `own`, its own draw,
        unless its router stays with one for a while."""
        calls = self.config.router_calls
        if calls is None:
            return own
        rng = Random(f"{self.config.seed}/router/{model.id}")
        return self.routers.setdefault(model.id, MovingShares(rng, calls)).draw()
