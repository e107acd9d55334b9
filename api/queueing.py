"""Queueing a benchmark: its id, its Idempotency-Key, and the ring for the workers.

A ring that is lost is no error: a worker that hears nothing looks by itself.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any, Literal

from api.parts import Store
from api.submission import Expanded, Prices
from shared.about import About
from shared.access import Token
from shared.errors import NoSuchRun, StoreDown, WrongState
from shared.plan import Plan, plan_json
from shared.queue import ring
from shared.run import Run, new_job_id
from shared.settings import Settings
from shared.store import durable, workers
from shared.store.client import now_s
from shared.store.run import reruns, runs

log = logging.getLogger("api.queueing")

NO_WORKER = "No worker is alive: it waits for one. Start `python -m worker`."


async def queue(
    store: Store,
    settings: Settings,
    expanded: Expanded,
    *,
    warnings: list[str],
    said_key: str | None,
    prices: Prices | None,
    traceparent: str | None,
    about: About,
    owner: Token | None = None,
) -> Run:
    """The run of a new plan, or the one that the same key made before."""
    plan = expanded.plan
    scope = plan.submitter if owner is None else f"token {owner.id}"
    key = await _key(scope, said_key, lambda: plan_json(expanded.asked))
    job_id, alive = await _prepared(store, settings)
    run = await store.access.write(
        store.redis,
        lambda: runs.create(
            store.redis,
            plan,
            warnings=[*warnings, *_no_worker(alive)],
            key=key,
            job_id=job_id,
            prices=prices,
            traceparent=traceparent,
            about=about,
            listed=expanded.kept(),
            owner=owner,
        ),
        _perhaps_queued(job_id, said_key),
    )
    if run.job_id == job_id:  # else the same key had made it before
        log.info("benchmark %s created: %s", job_id, _size(run))
    await wake(store, run.job_id, min(alive, plan.load.most_lanes()))
    return run


async def queue_again(
    store: Store,
    settings: Settings,
    plan: Plan,
    *,
    of: str,
    only: Literal["failed"] | None,
    said_key: str | None,
    prices: Prices | None,
    traceparent: str | None,
    about: About,
    listed: Sequence[dict[str, Any]] = (),
    changes: bytes = b"",
    owner: Token | None = None,
) -> tuple[Run, list[str]]:
    """A new run of this plan, which is that of benchmark `of` with these changes, or of
    the calls that failed in it; and warnings."""
    scope = of if owner is None else f"token {owner.id} {of}"
    key = await _key(scope, said_key, lambda: f"rerun {of} {only}".encode() + changes)
    job_id, alive = await _prepared(store, settings)

    async def create() -> Run:
        try:
            whole = partial(reruns.whole, listed=listed)
            again = reruns.failed if only == "failed" else whole
            return await again(
                store.redis,
                of,
                plan=plan,
                key=key,
                prices=prices,
                traceparent=traceparent,
                new_id=job_id,
                about=about,
                owner=owner,
            )
        except NoSuchRun:
            pass  # it is in the results folder
        if only == "failed":
            raise WrongState(
                f"The store has forgotten the rows of benchmark {of}, so that nobody"
                " can tell which calls failed. Rerun it whole."
            )
        return await runs.create(
            store.redis,
            plan,
            rerun_of=of,
            key=key,
            job_id=job_id,
            prices=prices,
            traceparent=traceparent,
            about=about,
            listed=listed,
            owner=owner,
        )

    run = await store.access.write(
        store.redis, create, _perhaps_queued(job_id, said_key)
    )
    if run.job_id == job_id:
        log.info("benchmark %s created again from %s: %s", job_id, of, _size(run))
    await wake(store, run.job_id, alive)
    return run, _no_worker(alive)


async def wake(store: Store, job_id: str, times: int = 1) -> None:
    """Ring for so many workers, and for one at least."""
    with suppress(StoreDown):
        async with store.access.deadline():
            await ring(store.redis, job_id, max(1, times))


async def wake_all(store: Store, job_id: str, settings: Settings) -> None:
    """Ring for as many workers as are alive."""
    alive = 0
    with suppress(StoreDown):
        async with store.access.deadline():
            alive = len(await workers.alive(store.redis, lease_s=settings.lease_s))
    await wake(store, job_id, alive)


async def _prepared(store: Store, settings: Settings) -> tuple[str, int]:
    """An id for the new run, and how many workers are alive. Raises Misconfigured for a
    store that may lose it."""
    async with store.access.deadline():
        await durable.check(store.redis, allow_volatile=settings.allow_volatile)
        alive = await workers.alive(store.redis, lease_s=settings.lease_s)
        return new_job_id(await now_s(store.redis)), len(alive)


async def _key(
    scope: str, said: str | None, body: Callable[[], bytes]
) -> runs.IdempotencyKey | None:
    """The key that a client sent, in the scope of a token, a submitter or a
    benchmark."""
    if said is None:
        return None
    # In a thread: a plan may have 64 MiB.
    digest = await asyncio.to_thread(lambda: sha256(body()).hexdigest())
    return runs.IdempotencyKey(scope, said, digest)


def _size(run: Run) -> str:
    calls = "as many calls as its time allows" if run.total is None else run.total
    return f"{calls} calls, targets {len(run.targets)}"


def _no_worker(alive: int) -> list[str]:
    return [] if alive else [NO_WORKER]


def _perhaps_queued(job_id: str, said_key: str | None) -> str:
    """What to say and do when nobody knows whether a benchmark was queued."""
    remedy = (
        f"GET /benchmark/{job_id} tells once the store is back; what is sent again"
        " without an Idempotency-Key may be a second one."
        if said_key is None
        else "Send the same again with the same Idempotency-Key: it gives the same one."
    )
    return (
        f"The store fell silent while benchmark {job_id} was queued, so it may be there"
        f" or not. {remedy}"
    )
