"""Who reduces a run, to be killed."""

from contextlib import suppress

import psutil

from shared.store import keys
from shared.store.client import AWAY
from tests.faults.stack import Stack


async def reducers(stack: Stack, job_id: str) -> list[psutil.Process]:
    """The process that reduces this run now, or would begin with it."""
    try:
        ticket = await stack.redis.get(keys.run(job_id, ":reduce"))
    except AWAY:
        return []
    found = []
    with suppress(psutil.Error):
        if ticket:
            worker = psutil.Process(int(ticket.split(b":")[1]))
            found = [child for child in worker.children() if reduces_runs(child)]
    return found


def reduces_runs(process: psutil.Process) -> bool:
    """Whether it is one that reduces."""
    with suppress(psutil.Error):
        return process.cmdline()[1:3] == ["-m", "worker.ended"]
    return False
