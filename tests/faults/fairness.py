"""A small job behind many that another submitter has posted and cancelled."""

import asyncio
import time

import httpx

from shared.run import Status
from tests.children import until
from tests.faults.figure import Figure, a_folder
from tests.faults.stack import Stack, a_plan, a_stack

MOST_S = 3.0
CALLS = 3


async def fairness(jobs: int) -> list[Figure]:
    """Cold workers, two as `llmbench up` has them, first without the many jobs."""
    alone_s = await _waited(0)
    behind_s = await _waited(jobs)
    return [
        Figure(
            23,
            f"POST to done of a job of {CALLS} calls: alone; behind {jobs} that another"
            " submitter has posted and cancelled",
            f"{alone_s:.1f} s; {behind_s:.1f} s",
            f"< {MOST_S:g} s",
            behind_s < MOST_S,
        )
    ]


async def _waited(jobs: int) -> float:
    """Seconds from the POST of the small job to its end."""
    async with a_stack(a_folder()) as stack:
        url = stack.start_api()
        for _ in range(2):
            stack.fleet.start()
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:

            async def ready() -> bool:
                answer = await http.get("/health/ready")
                return bool(answer.json().get("workers") == 2)

            await until(ready, "two workers")
            ids = [await posted(http, "ada", 20) for _ in range(jobs)]
            await asyncio.gather(*(http.delete(f"/benchmark/{i}") for i in ids))
            began_s = time.monotonic()
            bobs = await posted(http, "bob", CALLS)
            await stack.reaches(bobs, Status.DONE, deadline_s=200)
            took_s = time.monotonic() - began_s
            await all_end(stack, ids)
    return took_s


async def posted(http: httpx.AsyncClient, submitter: str, calls: int) -> str:
    """A job of so many calls; its id."""
    plan = a_plan(n=calls).model_copy(update={"submitter": submitter})
    answer = await http.post("/benchmark", json=plan.model_dump(mode="json"))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


async def all_end(stack: Stack, ids: list[str]) -> None:
    """Each is cancelled or was done before that."""
    for job_id in ids:
        await stack.reaches(job_id, Status.CANCELLED, Status.DONE, deadline_s=200)
