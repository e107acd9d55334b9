"""Our rows compared with the upstream's bills, after a run has ended.

Never beside a measurement of this worker: while a shard is worked on here, the
comparison pauses. One worker holds the run's lease and does all of it; after a kill
another begins anew, since nothing but the file is kept.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from pydantic_core import from_json
from redis.asyncio import Redis

from shared import archive
from shared.clock import sleep, utc_label
from shared.errors import BenchError
from shared.files import clear_unfinished, publish
from shared.money.reconciliation import (
    FILE,
    BillReply,
    Reconciliation,
    Row,
    compare,
    totals,
)
from shared.outputs import write_json
from shared.settings import DEFAULT, Settings
from shared.store import away
from shared.store.client import AWAY
from shared.store.run import reconciles
from shared.store.run.record import leave
from shared.upstream import Contacts, client_of
from shared.upstream.identity import upstream_of
from worker.ended import bills
from worker.tasks import cancel

log = logging.getLogger("worker.ended.reconcile")

_MOST_RUNS = 8
"""At a time; each mostly waits for bills that are not there yet."""
_LOOK_S = 0.25
_LATER_S = 600.0
"""Until the next try after an error of ours."""


class Reconciler:
    """Of one worker; `begin_due` takes up the comparisons that wait, `close` leaves
    them."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        contacts: Contacts,
        name: str,
        *,
        busy: Callable[[], bool],
    ) -> None:
        """settings: of the process. busy: whether something is measured here now."""
        self._redis = redis
        self._contacts = contacts
        self._settings = settings
        self._name = name
        self._busy = busy
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._open = asyncio.Semaphore(bills.AT_ONCE)  # by all runs together

    async def begin_due(self) -> None:
        """Begin with the runs that wait and whose files are on this machine."""
        for job_id in await reconciles.due(self._redis):
            if self._busy() or len(self._tasks) >= _MOST_RUNS:
                return
            if job_id in self._tasks or not self._is_here(job_id):
                continue
            if await self._has_lease(job_id):
                self._tasks[job_id] = asyncio.create_task(self._run(job_id))

    async def close(self) -> None:
        """Leave what is under way to other workers."""
        left = list(self._tasks)
        await cancel(*self._tasks.values())
        for job_id in left:
            with suppress(*AWAY):
                await reconciles.put_off(self._redis, job_id, self._name, in_s=0)

    async def _run(self, job_id: str) -> None:
        """One run, while its lease is ours."""
        work = asyncio.create_task(self._reconcile(job_id), name=f"bills-{job_id}")
        try:
            while not work.done():
                await asyncio.wait((work,), timeout=self._settings.heartbeat_s)
                with suppress(*AWAY):
                    if not work.done() and not await self._has_lease(job_id):
                        return  # we were silent, and another worker has it
            again_s = work.result()
            if again_s is None:
                await reconciles.done(self._redis, job_id, self._name)
            else:
                await reconciles.put_off(self._redis, job_id, self._name, in_s=again_s)
        except AWAY as error:
            away.say(error)
        finally:
            await cancel(work)
            del self._tasks[job_id]

    async def _has_lease(self, job_id: str) -> bool:
        """Take or keep it; False while another worker has it."""
        lease_s = self._settings.lease_s
        return await reconciles.claim(self._redis, job_id, self._name, lease_s=lease_s)

    async def _reconcile(self, job_id: str) -> float | None:
        """Compare and write the file; the seconds after which to try again, or None."""
        folder = self._folder(job_id)
        try:
            if not (folder / FILE).is_file():
                found = await self._compare(job_id, folder / "samples.csv")
                await asyncio.to_thread(_write, folder, found)
                log.info(
                    "bills of %s: %d of %d found, %d at another cost",
                    job_id,
                    found.totals.found,
                    found.totals.asked,
                    found.totals.differing_cost,
                )
            return None
        except FileNotFoundError:
            log.warning("the results of %s are gone; nothing is compared", job_id)
            return None
        except (OSError, BenchError) as error:
            log.error("the bills of %s cannot be compared: %s", job_id, error)
        except Exception:
            log.exception("comparing the bills of %s failed", job_id)
        return _LATER_S

    async def _compare(self, job_id: str, path: Path) -> Reconciliation:
        where = await asyncio.to_thread(_upstreams_of, path.parent)
        names = dict.fromkeys([DEFAULT] if where is None else where.values())
        known = [name for name in names if name in self._contacts.names]
        at = await self._contacts.meet(known)
        asked = {name: one for name, one in at.items() if one.speaks_openrouter}

        def billed_by(label: str) -> str | None:
            name = DEFAULT if where is None else where.get(label, DEFAULT)
            return name if name in asked else None

        most = self._settings.reconcile_most
        rows, rows_with_id, billed, chosen = await bills.choose(
            path, most, self._quiet, billed_by
        )
        notes = []
        replies: dict[str, BillReply] = {}
        if len(asked) < len(names):
            notes.append(
                "Nothing was asked: a plain OpenAI-compatible upstream has no"
                " GET /generation."
                if not asked
                else "Rows of these upstreams have no bills: "
                + ", ".join(name for name in names if name not in asked)
            )
        number = sum(map(len, chosen.values()))
        if number < billed:
            notes.append(
                f"{number} of {billed} rows were chosen, evenly spread by slot:"
                " RECONCILE_MOST allows no more."
            )
        for name, some in chosen.items():
            found = await self._ask(name, asked[name], some)
            notes += bills.refusals(found)
            replies |= found
        calls = tuple(
            compare(one, replies[one.generation_id])
            for one in chain.from_iterable(chosen.values())
            if one.generation_id in replies
        )
        urls = (upstream_of(one.openrouter_base_url) for one in at.values())
        return Reconciliation(
            job_id=job_id,
            upstream=", ".join(dict.fromkeys(urls)),
            ended_at=utc_label(),
            notes=tuple(notes),
            totals=totals(calls, rows=rows, rows_with_id=rows_with_id),
            calls=calls,
        )

    async def _ask(
        self, name: str, settings: Settings, rows: list[Row]
    ) -> dict[str, BillReply]:
        """The bills of these rows, of the upstream that was asked, with its key."""
        wire, key = self._contacts.of(name).wire, settings.require_key()
        async with client_of(wire, settings, key) as client:
            return await bills.ask(client, rows, self._open, self._quiet)

    async def _quiet(self) -> None:
        """Wait until this worker measures nothing; yields to the loop in any case."""
        await sleep(0)
        while self._busy():
            await sleep(_LOOK_S)

    def _is_here(self, job_id: str) -> bool:
        """Whether the run's files are on this machine and can be seen; if not, it is
        left to other workers."""
        try:
            return archive.is_there(self._settings.results_dir, job_id, "summary.json")
        except BenchError as error:
            leave(job_id, str(error))
            return False

    def _folder(self, job_id: str) -> Path:
        return self._settings.results_dir / job_id


def _write(folder: Path, found: Reconciliation) -> None:
    clear_unfinished(folder, f"{FILE}.*")
    publish(folder / FILE, [write_json(found)])


def _upstreams_of(folder: Path) -> dict[str, str] | None:
    """The name of each target's upstream, by label; None of a run that was kept before
    there were several."""
    summary = from_json((folder / "summary.json").read_bytes())
    named = {each["target"]: each.get("upstream") for each in summary["targets"]}
    return None if None in named.values() else named
