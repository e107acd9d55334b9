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
from collections.abc import Coroutine
from typing import Any, TypeVar

from shared import queue, tracing
from shared.clock import sleep
from shared.errors import BenchError, Misconfigured
from shared.log import setup
from shared.settings import Settings
from shared.startup import checks, start
from shared.store import away, fitness, workers
from shared.store.client import AWAY, REFUSED, connect
from worker.station import Station
from worker.tasks import cancel

log = logging.getLogger("worker")

_T = TypeVar("_T")

_DESCRIPTORS_BESIDE = 256
"""For the store, the log, and what else is no call."""
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
"""Before arq is started again; the longer one where the store refuses us."""


def main() -> int:
    """Run one worker until SIGTERM; the exit code."""
    config = start.begin("worker", ask_store=False)  # `serve` does, until it answers
    tracing.setup("llmbench-worker")
    try:
        _make_room(config.max_concurrency)
        _run(serve(config))
    except BenchError as error:
        start.say_wrong(error, log)
        return start.WRONG
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
    config, found = checks.read()
    if config is None or config.redis_url is None:
        for wrong in found if config is None else start.needs_store(config):
            print(wrong.line, file=sys.stderr)
        return 1
    return 0 if _run(_lives(config, config.redis_url)) else 1


async def serve(config: Settings) -> None:
    """Work until SIGTERM or SIGINT, then drain."""
    redis = connect(config.redis_url or "")
    station = Station(redis, config)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # What was imported lives as long as we do; no collection shall walk it again.
    gc.collect()
    gc.freeze()
    doorbell = asyncio.create_task(_hear_rings(station), name="doorbell")
    signalled = asyncio.create_task(ended.wait(), name="signalled")
    try:
        await asyncio.wait((doorbell, signalled), return_when=asyncio.FIRST_COMPLETED)
        if doorbell.done():
            doorbell.result()  # the store was refused
    finally:
        signalled.cancel()
        log.info("worker %s drains", station.name)
        await cancel(doorbell)
        await station.drain()
        await redis.aclose()


async def _hear_rings(station: Station) -> None:
    """Start the station; then make an arq worker whenever there is none, since arq's
    ends when the store goes away. The shards are not its children and go on.

    Raises Misconfigured for a store that cannot be worked with, before the start alone:
    later there may be rows to commit, so a login that is refused then is tried again.
    """
    started, pause_s = False, _PAUSE_S
    while True:
        try:
            if not started:
                seen = await asyncio.to_thread(fitness.store_or_raise, station.settings)
                start.tell(seen, log)
                await station.start()
                log.info("worker %s is ready", station.name)
                started = True
            await queue.make_worker(station.redis, _at_ring(station)).async_run()
        except AWAY as error:
            away.say(error)
            slow = isinstance(error, REFUSED)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S) if slow else _PAUSE_S
        except Misconfigured:
            raise
        except Exception:
            log.exception("the doorbell broke; a new one is hung up")
        await sleep(pause_s)


def _at_ring(station: Station) -> queue.OnRing:
    async def hear(_: dict[Any, Any], job_id: str) -> None:
        await station.claim_work()

    return hear


async def _lives(config: Settings, redis_url: str) -> bool:
    redis = connect(redis_url)
    try:
        names = await workers.alive(redis, lease_s=config.lease_s)
    except AWAY:
        return False
    finally:
        await redis.aclose()
    return any(name.startswith(f"{socket.gethostname()}:") for name in names)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    if sys.platform != "win32":
        import uvloop

        return uvloop.run(work)
    return asyncio.run(work)


async def _shutdown(ctx: dict[Any, Any]) -> None:
    log.info("worker %s drains", ctx["station"].name)
    await ctx["station"].drain()
    await ctx["store"].aclose()
    tracing.close()


async def _hear_ring(ctx: dict[Any, Any], job_id: str) -> None:
    await ctx["station"].claim_work()


def __getattr__(name: str) -> Any:
    """`WorkerSettings`, for `arq worker.main.WorkerSettings`: made when it is first
    asked for, so that importing this module reads no setting and asks no store."""
    if name != "WorkerSettings":
        raise AttributeError(name)
    config = start.begin("worker")

    def in_our_form(record: logging.LogRecord) -> bool:
        # arq's command line gives logging a form of its own once it has this module;
        # what is said first takes that back, and `startup` for what is said later
        setup(config, "worker")
        return record.levelno >= logging.WARNING

    logging.getLogger("arq.worker").addFilter(in_our_form)

    async def startup(ctx: dict[Any, Any]) -> None:
        setup(config, "worker")
        tracing.setup("llmbench-worker")
        redis = ctx["store"] = connect(config.redis_url or "")  # arq's own is for arq
        station = ctx["station"] = Station(redis, config)
        await station.start()
        log.info("worker %s is ready", station.name)

    made = queue.worker_settings(
        _hear_ring, config.redis_url, on_startup=startup, on_shutdown=_shutdown
    )
    globals()[name] = made
    return made
