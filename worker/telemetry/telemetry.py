"""What others see of this worker while it works: series for Prometheus, and spans.

Series are made where METRICS_PORT is set, spans where a trace is recorded.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from shared.plan import Plan
from shared.sample import Sample
from shared.settings import Settings
from shared.store.run.leases import Lease
from shared.tracing import Span
from worker.telemetry import scrape, spans
from worker.telemetry.series import Levels, Series
from worker.telemetry.spans import CallSpans
from worker.telemetry.watch import Watch

OnRow = Callable[[Sample], None]


@dataclass(frozen=True, slots=True)
class ShardTelemetry:
    """Of one shard."""

    watch: Watch
    rows: tuple[OnRow, ...]
    """Each is shown each row as it is made."""
    span: Span | None

    @property
    def traceparent(self) -> str | None:
        """For its requests upstream; None while nothing is traced."""
        return None if self.span is None else self.span.traceparent


class Telemetry:
    """One worker's."""

    def __init__(
        self, settings: Settings, worker: str, shards: Collection[Levels]
    ) -> None:
        """shards: those that are worked on, at any time."""
        self._settings = settings
        self._worker = worker
        self._series = Series(shards)
        self._calls = CallSpans(shards)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer Prometheus, where METRICS_PORT is set."""
        port = self._settings.metrics_port
        if port is not None:
            self._server = await scrape.serve(
                self._settings.metrics_host, port, self._series.collect
            )

    def begin(
        self, plan: Plan, lease: Lease, traceparent: str | None
    ) -> ShardTelemetry:
        """A shard is about to be worked on; `traceparent` is its run's."""
        late = None
        rows: list[OnRow] = []
        if self._server is not None:
            late = self._series.lag
            rows.append(self._series.row_counter(plan))
        span = spans.shard(lease, self._worker, traceparent)
        if span is not None and span.is_recorded:
            rows.append(self._calls.row_keeper(span, plan))
        return ShardTelemetry(Watch(late), tuple(rows), span)

    def end(self, shard: Levels, of: ShardTelemetry) -> None:
        """The shard is worked on no more."""
        self._series.ended(shard)
        if of.span is not None:
            of.span.end()
            self._calls.export()

    async def close(self) -> None:
        """Answer nobody any more; nothing is worked on."""
        if self._server is not None:
            self._server.close()
        await self._calls.close()
