"""Reduces of one submitter that another's does not wait for: line 23, in short."""

from pathlib import Path

from shared.run import Ending, Status
from shared.store.run import events, runs, states
from tests.faults.stack import Stack, a_plan, a_stack

MANY = 80


async def test_a_reduce_waits_for_one_of_another_submitter_and_not_for_eighty(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, warm=True) as stack:
        many = [await submitted(stack, "ada", 4) for _ in range(MANY)]
        for job_id in many:
            await states.end(stack.redis, job_id, Ending.CANCELLED)
        bobs = await submitted(stack, "bob", 3)
        stack.fleet.start()
        await stack.reaches(bobs, Status.DONE)
        begin_ms, end_ms = [
            at_ms for at_ms, status in await told(stack, bobs) if status != "running"
        ]
        for job_id in many:
            await stack.reaches(job_id, Status.CANCELLED)
        ends_ms = [(await told(stack, job_id))[-1][0] for job_id in many]
        left = sum(at_ms > begin_ms for at_ms in ends_ms)
        assert left > 2, "no queue was left to wait for"
        assert sum(begin_ms < at_ms < end_ms for at_ms in ends_ms) <= 2
        assert len(stack.table(bobs)) == 3
        assert not stack.table(many[0])


async def submitted(stack: Stack, submitter: str, calls: int) -> str:
    plan = a_plan(n=calls).model_copy(update={"submitter": submitter})
    return (await runs.create(stack.redis, plan)).job_id


async def told(stack: Stack, job_id: str) -> list[tuple[int, str | None]]:
    """(ms of the store, state) of each state that it came to."""
    return [
        (int(event.id.partition("-")[0]), event.status)
        async for event in events.since(stack.redis, job_id, "0-0", block_ms=1)
        if event.kind == "state" and event.status != "queued"
    ]
