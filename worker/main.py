"""The worker process: arq hears the doorbell, the station does the work.

`python -m worker` runs this under uvloop and outlives a lost store; `arq
worker.main.WorkerSettings` works too, and ends when the store goes away, as arq does.
"""

import asyncio
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
import sys
from typing import Any

from shared import queue, tracing
from shared.clock import sleep
from shared.errors import BenchError, Misconfigured
from shared.log import setup
from shared.settings import Settings, settings
from shared.store import durable, workers
from shared.store.client import AWAY, connect
from worker.ending import end
from worker.station import Station

log = logging.getLogger("worker")

_DESCRIPTORS_BESIDE = 256
"""For the store, the log, and what else is no call."""


def main() -> int:
    """Run one worker until SIGTERM; the exit code."""
    try:
        config = settings()
        setup(config, "worker")
        tracing.setup("llmbench-worker")
        _make_room(config.max_concurrency)
        _run(serve(config))
    except BenchError as error:
        log.error("%s", error)
        return 2
    finally:
        tracing.close()
    return 0


def _make_room(calls: int) -> None:
    """Allow a descriptor for each call, as far as the system lets us, and have the
    kernel make its table of them now: under threads it grows with a pause of 10 ms,
    in which every stamp of ours would wait."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = calls + _DESCRIPTORS_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with open(os.devnull) as file:
        os.close(fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, wanted - 1))


def check() -> int:
    """0 when a worker of this host has told the store lately that it lives, else 1."""
    return 0 if _run(_lives(settings())) else 1


async def serve(config: Settings) -> None:
    """Work until SIGTERM or SIGINT, then drain."""
    redis = connect(_store_url(config))
    station = Station(redis, config)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # What was imported lives as long as we do; no collection shall walk it again.
    gc.collect()
    gc.freeze()
    doorbell = asyncio.create_task(_hear(station), name="doorbell")
    told = asyncio.create_task(ended.wait(), name="told to end")
    try:
        await asyncio.wait((doorbell, told), return_when=asyncio.FIRST_COMPLETED)
        if doorbell.done():
            doorbell.result()  # the store was refused
    finally:
        told.cancel()
        log.info("worker %s drains", station.name)
        await end(doorbell)
        await station.drain()
        await redis.aclose()


async def _hear(station: Station) -> None:
    """Keep an arq worker alive: it ends whenever the store goes away, and is made
    anew. The shards are not its children and go on."""
    started = False
    while True:
        try:
            if not started:
                await durable.check(
                    station.redis, allow_volatile=station.settings.allow_volatile
                )
                await station.start()
                log.info("worker %s is ready", station.name)
                started = True
            await queue.make_worker(station.redis, _answer_with(station)).async_run()
        except AWAY as error:
            log.warning("the store does not answer: %s", error)
        except Misconfigured:
            raise
        except Exception:
            log.exception("the doorbell broke; a new one is hung up")
        await sleep(0.5)


def _answer_with(station: Station) -> queue.Answer:
    async def answer(_: dict[Any, Any], job_id: str) -> None:
        await station.look()

    return answer


async def _lives(config: Settings) -> bool:
    redis = connect(_store_url(config))
    try:
        names = await workers.alive(redis, lease_s=config.lease_s)
    except AWAY:
        return False
    finally:
        await redis.aclose()
    return any(name.startswith(f"{socket.gethostname()}:") for name in names)


def _store_url(config: Settings) -> str:
    if config.redis_url is None:
        raise Misconfigured(
            "A worker needs a store: set REDIS_URL, or run `llmbench up`, which brings"
            " its own."
        )
    return config.redis_url


def _run(doing: Any) -> Any:
    if sys.platform != "win32":
        import uvloop

        return uvloop.run(doing)
    return asyncio.run(doing)


async def _startup(ctx: dict[Any, Any]) -> None:
    config = settings()
    setup(config, "worker")
    tracing.setup("llmbench-worker")
    redis = ctx["store"] = connect(_store_url(config))  # arq's own is for arq
    await durable.check(redis, allow_volatile=config.allow_volatile)
    station = ctx["station"] = Station(redis, config)
    await station.start()


async def _shutdown(ctx: dict[Any, Any]) -> None:
    await ctx["station"].drain()
    await ctx["store"].aclose()
    tracing.close()


async def _answer(ctx: dict[Any, Any], job_id: str) -> None:
    await ctx["station"].look()


WorkerSettings = queue.worker_settings(
    _answer,
    os.environ.get("REDIS_URL"),
    on_startup=_startup,
    on_shutdown=_shutdown,
)
"""For `arq worker.main.WorkerSettings`."""
