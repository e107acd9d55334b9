"""arq, behind a few functions: a doorbell, and nothing more.

A job carries a run's id; the woken worker looks at our own keys for what to do. So
nothing is lost when arq loses a job, and nothing runs twice when it delivers one
twice. arq's results, retries, aborts and health keys are not used: each was seen to
report what was not so, or to kill the worker (docs/decisions/0001).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker, func
from pydantic_core import from_json, to_json
from redis.asyncio import Redis

QUEUE = "llmbench:doorbell:1"
"""Has a version: a worker of another schema does not hear the ring."""

OnRing = Callable[[dict[Any, Any], str], Awaitable[None]]
"""What a worker does at a ring: given arq's context and the run's id."""


async def ring(redis: Redis, job_id: str, times: int = 1) -> None:
    """Wake workers for a run; each ring wakes one.

    A ring that is lost costs the time until a worker looks by itself (REAPER_TICK_S).
    """
    doorbell = _bell(redis)
    for _ in range(times):
        await doorbell.enqueue_job("answer", job_id, _expires=3600)


def make_worker(redis: Redis, on_ring: OnRing) -> Worker:
    """An arq worker that hears the doorbell while its `async_run` is awaited.

    It handles no signals: our own process decides when it ends.
    """
    return Worker(redis_pool=_bell(redis), handle_signals=False, **_settings(on_ring))


def worker_settings(
    on_ring: OnRing, redis_url: str | None, **hooks: Callable[..., Awaitable[None]]
) -> dict[str, Any]:
    """Settings for arq's own command line. A dict: arq reads only the `__dict__` of a
    class, so that one which inherits loses its serializer and falls back to pickle."""
    url = redis_url or "redis://localhost:6379"
    return {
        "redis_settings": RedisSettings.from_dsn(url),
        **_settings(on_ring),
        **hooks,
    }


def _settings(on_ring: OnRing) -> dict[str, Any]:
    return {
        "functions": [func(on_ring, name="answer")],  # type: ignore[arg-type]
        "queue_name": QUEUE,
        "max_jobs": 4,
        "job_timeout": 60,
        "keep_result": 0,
        "max_tries": 1,
        "retry_jobs": False,
        "allow_abort_jobs": False,
        # runs.create pushes to the workers at once; a ring is for those who missed it
        "poll_delay": 0.25,
        "queue_read_limit": 1000,
        "log_results": False,
        "job_serializer": _serialize,
        "job_deserializer": from_json,
    }


def _bell(redis: Redis) -> ArqRedis:
    return ArqRedis(
        pool_or_conn=redis.connection_pool,
        job_serializer=_serialize,
        job_deserializer=from_json,
        default_queue_name=QUEUE,
    )


def _serialize(job: Any) -> bytes:
    """JSON, never pickle: whoever can write to the store must not run code here."""
    return to_json(job, serialize_unknown=True)
