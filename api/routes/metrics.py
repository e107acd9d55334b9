"""What Prometheus asks; docs/monitoring.md says what each series means."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)

from api.deps import PartsDep
from api.errors import responses
from api.parts import Parts
from shared.errors import StoreDown
from shared.money import account_of
from shared.store import counts, workers
from shared.store.upstream import money

router = APIRouter(tags=["health"])

_EXAMPLE = '# TYPE llmbench_runs gauge\nllmbench_runs{state="running"} 1.0\n'


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}
            },
        },
        **responses(),
    },
)
async def metrics(parts: PartsDep) -> Response:
    """This process and its requests; and of the store, while that answers, the runs and
    the workers."""
    seen = CollectorRegistry()
    await _look_at_the_store(parts, seen)
    text = generate_latest(parts.traffic.registry) + generate_latest(seen)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _look_at_the_store(parts: Parts, into: CollectorRegistry) -> None:
    if parts.store is None:
        return
    up = Gauge("llmbench_store_up", "Whether the store answered now.", registry=into)
    try:
        async with parts.store.access.deadline():
            counted = await counts.read(parts.store.redis)
            alive = await workers.alive(
                parts.store.redis, lease_s=parts.settings.lease_s
            )
            today = await money.spent_today(
                parts.store.redis, account_of(parts.settings)
            )
    except StoreDown:
        return
    up.set(1)
    runs = Gauge("llmbench_runs", "Runs that have not ended.", ["state"], registry=into)
    for state, n in counted.open.items():
        runs.labels(state).set(n)
    ended = Counter(
        "llmbench_runs_ended", "Runs that have ended.", ["state"], registry=into
    )
    for state, n in counted.ended.items():
        ended.labels(state).inc(n)
    Counter(
        "llmbench_lease_takeovers",
        "Shards that were taken over from a silent worker.",
        registry=into,
    ).inc(counted.takeovers)
    usd = Gauge(
        "llmbench_spending_today_usd",
        "What benchmarks of the account cost in this UTC day.",
        ["kind"],
        registry=into,
    )
    usd.labels("spent").set(today.spent_usd)
    usd.labels("held").set(today.held_usd)
    usd.labels("unaccounted").set(today.unaccounted_usd)
    Gauge("llmbench_workers", "Workers heard of within a lease.", registry=into).set(
        len(alive)
    )
