"""Workers that are not quite as they should be."""

import os
import subprocess
import sys

from redis.asyncio import Redis

from shared.process import tied
from shared.store import keys
from tests.children import Workers, until


def start(fleet: Workers, module: str, **env: str) -> subprocess.Popen[bytes]:
    """One more worker of the fleet, started by a module of the tests."""
    with (fleet.folder / f"worker{len(fleet.children)}.out").open("wb") as out:
        child = subprocess.Popen(
            tied([sys.executable, "-m", module]),
            env={**os.environ, **fleet.env, **env},
            stdout=out,
            stderr=out,
        )
    fleet.children.append(child)
    return child


async def lives(redis: Redis, *workers: subprocess.Popen[bytes]) -> None:
    """Wait until these have told the store that they do."""

    async def all_told() -> bool:
        names = await redis.zrange(keys.WORKERS, 0, -1)
        told = {int(name.split(b":")[1]) for name in names}
        return {worker.pid for worker in workers} <= told

    await until(all_told, "the word of a worker")
