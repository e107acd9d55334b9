"""The store goes away in the middle of a run: nothing that was measured is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.sample import decode
from shared.store import embedded
from shared.store.client import AWAY, connect, connect_blocking
from shared.store.embedded import Embedded
from shared.store.run import runs, samples
from tests.children import simulator, until, workers

PLAN = Plan(
    targets=(Target(model="acme/swift-8b:free"),),
    prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(20))),
    runs=5,
    load=Concurrency(concurrency=4),
)


class Store:
    """A store of this test's own, to be killed and revived."""

    def __init__(self, folder: Path) -> None:
        self._running: Embedded = embedded.start(folder)
        self.url = self._running.url

    def kill(self) -> None:
        """kill -9; what was acknowledged is in its file."""
        assert self._running.process is not None
        self._running.process.kill()
        self._running.process.wait()

    def revive(self) -> None:
        """The same store again, at the same address."""
        self._running = self._running.revive()

    def stop(self) -> None:
        self._running.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    running = Store(tmp_path / "store")
    yield running
    running.stop()


async def test_a_worker_that_dies_while_the_store_is_away_leaves_its_rows_on_disk(
    store: Store, tmp_path: Path
) -> None:
    quick = ("--ttft-s", "0.1", "--gap-s", "0.005", "--tokens", "8")
    with (
        simulator(*quick) as upstream,
        workers(store.url, upstream.base_url, tmp_path) as fleet,
    ):
        redis = connect(store.url)
        victim = fleet.start()
        job_id = (await runs.create(redis, PLAN)).job_id
        await queue.ring(redis, job_id)

        async def some() -> bool:
            return (await runs.load(redis, job_id)).closed >= 20

        await until(some, "20 rows")
        store.kill()

        async def spooled() -> bool:
            return any((tmp_path / "spool").glob("*/*.rows"))

        await until(spooled, "rows on disk")
        victim.kill()
        store.revive()
        fleet.start()

        async def over() -> bool:
            try:
                return (await runs.load(redis, job_id)).status is Status.DONE
            except AWAY:
                return False

        await until(over, "the end")
        run = await runs.load(redis, job_id)
        with connect_blocking(store.url) as reader:
            rows = [decode(row) for row in samples.rows(reader, job_id)]
        assert run.closed == 100
        assert len(rows) == len({row.slot for row in rows}) == 100
        # paid twice at most: what was open when the worker was killed
        assert len(upstream.ledger()) <= 100 + 4
        assert "were brought" in fleet.output()
        assert fleet.stop()[-1] == 0
        assert not any((tmp_path / "spool").glob("*"))
        await redis.aclose()
