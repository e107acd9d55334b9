"""Background tasks of one shard, such as telling other workers: no call waits."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from worker.tasks import cancel


class Beside:
    """Background tasks; those that have not ended are cancelled with the shard."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many have not ended."""
        return len(self._tasks)

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Begin the task in the next turn of the loop."""
        task = asyncio.create_task(doing, name="beside")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the tasks that have not ended."""
        await cancel(*self._tasks)
