"""What is told of this worker while it works: series for Prometheus.

Nothing is counted unless somebody may ask.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from shared.plan import Plan
from shared.sample import Sample
from shared.settings import Settings
from worker import scrape
from worker.series import Series, Works
from worker.watch import Watch

Seen = Callable[[Sample], None]


@dataclass(frozen=True, slots=True)
class ShardTelemetry:
    """Who looks at one shard."""

    watch: Watch
    rows: tuple[Seen, ...]
    """Each is shown each row as it is made."""


class Telemetry:
    """One worker's."""

    def __init__(self, settings: Settings, shards: Collection[Works]) -> None:
        """shards: those that are worked on, at any time."""
        self._settings = settings
        self._series = Series(shards)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer Prometheus, where METRICS_PORT is set."""
        port = self._settings.metrics_port
        if port is not None:
            self._server = await scrape.serve(
                self._settings.metrics_host, port, self._series.collect
            )

    def begin(self, plan: Plan) -> ShardTelemetry:
        """A shard of a run of this plan is about to be worked on."""
        late = None
        rows: list[Seen] = []
        if self._server is not None:
            late = self._series.lag
            rows.append(self._series.rows(plan))
        return ShardTelemetry(Watch(late), tuple(rows))

    def end(self, shard: Works) -> None:
        """The shard is worked on no more."""
        self._series.left(shard)

    def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()
