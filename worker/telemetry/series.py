"""The series of this worker for Prometheus; docs/monitoring.md says what each means.

Calls are counted where rows are made, which is off the timing path. Levels, such as
open calls, are read off the shards at each scrape.
"""

from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from shared.analysis import latency_s, ttft_s
from shared.plan import Plan
from shared.sample import Sample

MOST_TARGETS = 32
"""Targets that have a label of their own; further ones share `other`. A label stays as
long as the worker, and anybody may ask for models that do not exist."""

_LATENCIES_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 300, 600)
_TTFTS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120)
_LAGS_S = (0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Levels(Protocol):
    """What is read off a shard."""

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""

    @property
    def lanes(self) -> int:
        """Calls that may be open now."""

    @property
    def waits(self) -> Mapping[str, int]:
        """Why slots were sent back, and how often."""


class Series:
    """One worker's counts."""

    def __init__(self, shards: Collection[Levels]) -> None:
        """shards: those that are worked on, at any time."""
        self._shards = shards
        self._waits_of_ended = Tally[str]()
        self._targets: set[str] = set()
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._calls = Counter(
            "llmbench_calls",
            "Rows of calls, by how each ended.",
            ("target", "upstream", "outcome"),
            registry=registry,
        )
        self._latency_s = Histogram(
            "llmbench_latency_seconds",
            "From the request on the wire to the end of the answer, of ok calls.",
            ("target", "upstream"),
            registry=registry,
            buckets=_LATENCIES_S,
        )
        self._ttft_s = Histogram(
            "llmbench_ttft_seconds",
            "From the request on the wire to the first token, of ok calls.",
            ("target", "upstream"),
            registry=registry,
            buckets=_TTFTS_S,
        )
        self._cost_usd = Counter(
            "llmbench_cost_usd",
            "What the upstream said that calls cost.",
            ("target", "upstream"),
            registry=registry,
        )
        self._lag_s = Histogram(
            "llmbench_loop_lag_seconds",
            "How late the event loop was, looked at every 20 ms of each shard.",
            registry=registry,
            buckets=_LAGS_S,
        )

    def lag(self, late_s: float) -> None:
        """Count one look at the event loop, and how late it came."""
        self._lag_s.observe(late_s)

    def row_counter(self, plan: Plan) -> Callable[[Sample], None]:
        """Counts each row of a run of this plan that it is given."""
        names = [(self._named(each.label()), each.at) for each in plan.targets]
        # The library's own look-up of labels takes longer than all of the rest.
        calls, costs_usd = cache(self._calls.labels), cache(self._cost_usd.labels)
        latencies_s, ttfts_s = cache(self._latency_s.labels), cache(self._ttft_s.labels)

        def count(sample: Sample) -> None:
            name = names[sample.target]
            calls(*name, sample.outcome.value).inc()
            if sample.cost_usd is not None:
                costs_usd(*name).inc(sample.cost_usd)
            if not sample.ok:
                return
            if (took_s := latency_s(sample)) is not None:
                latencies_s(*name).observe(took_s)
            if (first_s := ttft_s(sample)) is not None:
                ttfts_s(*name).observe(first_s)

        return count

    def ended(self, shard: Levels) -> None:
        """Keep what this shard has counted, which is worked on no more."""
        self._waits_of_ended.update(shard.waits)

    def collect(self) -> Iterator[Metric]:
        """All of it, as it is now."""
        yield from self._registry.collect()
        shards = list(self._shards)
        yield GaugeMetricFamily(
            "llmbench_shards", "Shards that are worked on.", len(shards)
        )
        yield GaugeMetricFamily(
            "llmbench_open_calls",
            "Calls that have begun and not ended.",
            sum(shard.open for shard in shards),
        )
        yield GaugeMetricFamily(
            "llmbench_lanes",
            "Calls that may be open now.",
            sum(shard.lanes for shard in shards),
        )
        waits = self._waits_of_ended.copy()
        for shard in shards:
            waits.update(shard.waits)
        family = CounterMetricFamily(
            "llmbench_waits",
            "Slots sent back, by what they wait for.",
            labels=("reason",),
        )
        for reason, n in sorted(waits.items()):
            family.add_metric((reason,), n)
        yield family

    def _named(self, target: str) -> str:
        if target not in self._targets and len(self._targets) >= MOST_TARGETS:
            return "other"
        self._targets.add(target)
        return target
