"""Small things that are done beside the calls of one shard, such as to tell others."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from worker.tasks import cancel


class Beside:
    """Tasks that nobody waits for until the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many have not ended."""
        return len(self._tasks)

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do it, from the next turn of the loop on."""
        task = asyncio.create_task(doing, name="beside")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of all that is not done."""
        await cancel(*self._tasks)
