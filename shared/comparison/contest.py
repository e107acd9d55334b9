"""Who is compared with whom."""

from dataclasses import dataclass

from shared.comparison.calls import TargetCalls
from shared.comparison.looks import AT_END, Look
from shared.comparison.records import EXPLORATORY, MetricName, Side


@dataclass(frozen=True, slots=True)
class Entrant:
    """One of those that are compared."""

    side: Side
    name: str
    """What sentences call it."""
    calls: TargetCalls
    barred: frozenset[str] = frozenset()
    """Figures that cannot be used, as its run's verdict says."""
    control: TargetCalls | None = None
    """Of the same run, which shows what the hour did: of each entrant, or of none."""
    further: tuple[TargetCalls, ...] = ()
    """Of the further runs of its side, each of which counts as one value."""

    @property
    def runs(self) -> int:
        """How many runs it is of."""
        return 1 + len(self.further)


@dataclass(frozen=True, slots=True)
class Contest:
    """Those that are compared with each other, every two."""

    entrants: tuple[Entrant, ...]
    paired: bool = True
    one_run: bool = True
    planned: int | None = None
    """Pairs of the plan; None, where time ends it: those that were made."""
    look: Look = AT_END
    """At which of its stretches it is looked at, and how sure a word must be."""
    control: str | None = None
    """The name of the control, where there is one."""
    asked: frozenset[str] = frozenset()
    """Metrics that the plan has named beforehand. They are a family of their own, so
    that their answers are those of the look that ended the run."""
    margin: float | None = None
    """Of ratios, as a share, where the plan says it."""

    def family(self, metric: MetricName) -> str:
        """Metrics of one family pay for each other in Holm's correction."""
        if metric in self.asked:
            return "asked"
        return "exploratory" if metric in EXPLORATORY else "headline"


def figures(metric: MetricName) -> tuple[str, ...]:
    """What a metric is made of, as a run's verdict calls it.

    >>> figures("ttft_p95")
    ('ttft',)
    """
    if metric == "latency_at_length":
        return "ttft", "tpot"
    return (metric.split("_")[0],)
