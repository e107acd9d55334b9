"""What becomes of a run after its last call: it is judged, reduced, and compared with
its bills."""

from collections.abc import Callable, Sequence

from redis.asyncio import Redis

from shared.run import Run
from shared.settings import Settings
from shared.upstream import Contacts
from worker.ended.judging import JudgeQueue
from worker.ended.reconcile import Reconciler
from worker.ended.reduce_queue import ReduceQueue


class Aftermath:
    """One worker's part in it, until it is closed."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        contacts: Contacts,
        name: str,
        *,
        busy: Callable[[], bool],
    ) -> None:
        """settings: of the process. name: the worker's. busy: whether something is
        measured here now."""
        self._reduces = ReduceQueue(redis, settings, name)
        self._judges = JudgeQueue(redis, settings, contacts, name, busy=busy)
        self._bills = Reconciler(redis, settings, contacts, name, busy=busy)

    def offer(self, open_runs: Sequence[Run]) -> None:
        """Take up those that take no more rows: first their judges are asked."""
        self._judges.offer(open_runs)
        self._reduces.offer(run for run in open_runs if not run.judging)

    def measure(self, run: Run) -> None:
        """Measure the step of a search that is over, and go on after it. A search is
        one of the targets' speed, and waits for no judge."""
        self._reduces.measure(run)

    async def compare_bills(self) -> None:
        """Begin with the comparisons that are due."""
        await self._bills.begin_due()

    def begin_no_more(self) -> None:
        """What is under way goes on; all else is left to other workers."""
        self._reduces.begin_no_more()

    async def close(self) -> None:
        """Leave what is under way, but for a reduce, which is waited for."""
        await self._bills.close()
        await self._judges.close()
        await self._reduces.close()
