"""How targets stand to each other so far: a band that may be looked at at any time.

It is made at the ends of the plan's twenty stretches, of the slots that have closed
without a gap, and stays as it is between them: a page that cut anew would lose what the
band promises (docs/statistics.md). Only where the plan says how many pairs there will
be, in one step.
"""

from math import nan
from typing import TYPE_CHECKING

from api.parts.newest import Seen
from shared.comparison import MetricName
from shared.comparison.looks import STRETCHES
from shared.sample import Outcome

if TYPE_CHECKING:
    from shared.comparison.calls import TargetCalls
    from shared.comparison.live import SoFar

MOST_CALLS = 50_000
"""Of all targets; for a longer run nothing is kept, and no band is made."""
_NO_CALL = (Outcome.CANCELLED, Outcome.DROPPED)
_COLUMNS = ("key", "prompt", "place", "ok", "ttft_s", "latency_s", "tpot_s")


class Bands:
    """Of one run."""

    def __init__(self, targets: int, planned: int) -> None:
        """planned: pairs of the plan."""
        self._planned = planned
        self._early: dict[int, Seen] = {}
        """Rows of slots that have an open one before them."""
        self._next = 0
        self._columns: list[dict[str, list[float]]] = [
            {name: [] for name in _COLUMNS} for _ in range(targets)
        ]
        self._made: dict[tuple[MetricName, int, int], tuple[int, SoFar | None]] = {}

    def add(self, row: Seen) -> None:
        """A row that closed its slot."""
        self._early[row.slot] = row
        while (now := self._early.pop(self._next, None)) is not None:
            self._next += 1
            if now.outcome in _NO_CALL:
                continue
            columns = self._columns[now.target]
            columns["key"].append(now.prompt * 1_000_000 + now.repetition)
            columns["prompt"].append(now.prompt)
            columns["place"].append(now.slot)
            columns["ok"].append(now.outcome == Outcome.OK)
            for name in ("ttft_s", "latency_s", "tpot_s"):
                value = getattr(now, name)
                columns[name].append(nan if value is None else value)

    def beside(self, metric: MetricName, target: int, best: int) -> "SoFar | None":
        """The difference of `target` beside `best` at the latest end of a stretch; None
        while too little is known."""
        pairs = min(len(self._columns[each]["key"]) for each in (target, best))
        stretches = pairs * STRETCHES // self._planned
        asked = metric, target, best
        known = self._made.get(asked)
        if known is None or known[0] != stretches:
            # it imports scipy, which a server whose runs nobody watches need not
            from shared.comparison.live import so_far

            a, b = self._calls(target), self._calls(best)
            known = stretches, so_far(metric, a, b, self._planned)
            self._made[asked] = known
        return known[1]

    def _calls(self, target: int) -> "TargetCalls":
        import numpy as np

        from shared.comparison.calls import TargetCalls

        columns = self._columns[target]
        ok = np.array(columns["ok"], dtype=bool)
        unknown = np.full(len(ok), np.nan)
        return TargetCalls(
            key=np.array(columns["key"], dtype=np.int64),
            prompt=np.array(columns["prompt"], dtype=np.int64),
            place=np.array(columns["place"], dtype=np.float64),
            ok=ok,
            good=ok,
            passed=unknown,
            ttft_s=np.array(columns["ttft_s"], dtype=np.float64),
            latency_s=np.array(columns["latency_s"], dtype=np.float64),
            tpot_s=np.array(columns["tpot_s"], dtype=np.float64),
            cost_usd=unknown,
            output_tokens=unknown,
        )
