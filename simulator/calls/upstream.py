"""One simulated upstream: what it was told and what it remembers."""

from dataclasses import dataclass, field

from simulator.catalogue import Model
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

    def is_busy(self, model: Model, now_s: float) -> bool:
        """Whether the model's pool takes no call now."""
        per_minute = dict(self.config.pools).get(model.id)
        if per_minute is None:
            return False
        return not self.pools.setdefault(model.id, Pool(per_minute)).takes(now_s)
