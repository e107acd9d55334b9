"""The spans of a shard and of its calls: when, who and how it ended; no prompts and no
answers."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection

from shared import tracing
from shared.clock import sleep
from shared.plan import Plan
from shared.sample import Sample
from shared.store.run.leases import Lease
from shared.tracing import Span
from worker.tasks import cancel

log = logging.getLogger("worker.telemetry.spans")

MOST_ROWS = 20_000
"""That wait to become spans; some 20 MB."""
_SLICE, _PAUSE_S = 16, 0.02
"""Spans made in one turn of the loop, and the pause before the next: at this rate the
exporter, which drops what it has no room for, keeps up."""
_CLOSE_S = 5.0


def shard(lease: Lease, worker: str, traceparent: str | None) -> Span | None:
    """The span of a shard that is worked on from now; None while nothing is traced.

    traceparent: where its run stands in a trace.
    """
    return tracing.begin(
        "shard",
        traceparent,
        {
            "llmbench.job_id": lease.job_id,
            "llmbench.step": lease.step.number,
            "llmbench.shard": lease.shard,
            "llmbench.shards": lease.shards,
            "llmbench.segment": lease.segment,
            "llmbench.worker": worker,
        },
    )


class CallSpans:
    """Rows of traced calls; spans are made of them while nothing is measured here.

    Making a span takes the loop 0.06 ms, and sending it takes a thread as long, for
    which the loop waits 5 ms at a time, the interpreter's switch interval.
    """

    def __init__(self, measured: Collection[object]) -> None:
        """measured: the shards that are worked on, at any time."""
        self._measured = measured
        self._rows: deque[tuple[Span, str, Sample]] = deque()
        self._lost = 0
        self._exporting: asyncio.Task[None] | None = None

    def row_keeper(self, span: Span, plan: Plan) -> Callable[[Sample], None]:
        """Keeps each row of a shard that it is given; a dropped slot was no call."""
        models = [target.model for target in plan.targets]

        def keep(row: Sample) -> None:
            if row.started_s is None:
                return
            if len(self._rows) < MOST_ROWS:
                self._rows.append((span, models[row.target], row))
            else:
                self._lost += 1

        return keep

    def export(self) -> None:
        """Make spans of the rows, until none is left or something is measured."""
        if self._exporting is None or self._exporting.done():
            self._exporting = asyncio.create_task(self._export(), name="spans")

    async def close(self) -> None:
        """Make those spans that can be made at once."""
        if self._exporting is not None:
            self.export()
            await asyncio.wait((self._exporting,), timeout=_CLOSE_S)
            await cancel(self._exporting)

    async def _export(self) -> None:
        if self._lost:
            log.warning("%d calls are in no trace: too many at once", self._lost)
            self._lost = 0
        while self._rows and not self._measured:
            for _ in range(min(_SLICE, len(self._rows))):
                _add(*self._rows.popleft())
            await sleep(_PAUSE_S)


def _add(span: Span, model: str, row: Sample) -> None:
    if row.started_at is None or row.started_s is None or row.ended_s is None:
        return
    zero_at = row.started_at - row.started_s
    moments = {
        "sent": row.sent_s,
        "first_token": row.first_token_s,
        "last_token": row.last_token_s,
    }
    # The names of OpenTelemetry's conventions, where it has some.
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.response.model": row.served_model,
        "gen_ai.response.id": row.generation_id,
        "gen_ai.usage.input_tokens": row.prompt_tokens,
        "gen_ai.usage.output_tokens": row.output_tokens,
        "http.response.status_code": row.status,
        "error.type": None if row.ok else row.outcome.value,
        "llmbench.outcome": row.outcome.value,
        "llmbench.provider": row.provider,
        "llmbench.slot": row.slot,
        "llmbench.attempt": row.attempt,
    }
    span.add(
        f"chat {model}",
        row.started_at,
        zero_at + row.ended_s,
        {name: value for name, value in said.items() if value is not None},
        {name: zero_at + s for name, s in moments.items() if s is not None},
    )
