"""Upstreams that misbehave: rows 10 to 17 of the list of faults, by real workers."""

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from shared.loads import Concurrency
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from tests.faults.stack import Stack, a_plan, a_stack
from tests.faults.upstream import GARBAGE, Called, framed

LIMITS = {
    "FIRST_TOKEN_TIMEOUT_S": "1",
    "IDLE_TIMEOUT_S": "1",
    "TOTAL_TIMEOUT_S": "4",
}
MOST_GROWTH = 64 * 2**20


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with a_stack(tmp_path, env=LIMITS) as running:
        running.fleet.start()
        yield running


async def outcomes(stack: Stack, *models: str, n: int = 1) -> dict[str, list[Sample]]:
    """One run of these scripts; the rows of each."""
    lanes = min(32, len(models) * n)
    plan = a_plan(*models, n=n, load=Concurrency(concurrency=lanes))
    job_id = await stack.submit(plan)
    done = await stack.reaches(job_id, Status.DONE)
    rows = await stack.rows(job_id)
    assert done.closed == len(models) * n
    made = [call for call in stack.upstream.ledger if call.model in models]
    assert len(made) == len(rows), "a call was made that is no row, or the reverse"
    found: dict[str, list[Sample]] = {model: [] for model in models}
    for row in rows:
        found[models[row.target]].append(row)
    return found


async def test_a_stream_that_ends_after_any_byte_is_never_called_ok(
    stack: Stack,
) -> None:
    call = Called(id="gen-100", model="fin/100", prompt="", key="", connection=0)
    unsaid = b"[DONE]\n\n\r\n0\r\n\r\n"  # once [DONE] has come nothing can be missing
    most = len(b"".join(framed(call))) - len(unsaid)
    # now and then here; every byte in `make faults`
    cuts = [f"{how}/{k}" for how in ("fin", "rst") for k in range(0, most, 149)]
    for start in range(0, len(cuts), 24):
        rows = await outcomes(stack, *cuts[start : start + 24])
        for model, (row,) in rows.items():
            assert not row.ok, model
            assert row.outcome is not Outcome.OK
    assert stack.fleet.children[0].poll() is None


async def test_silence_and_drops_end_at_their_limit_and_leak_no_socket(
    stack: Stack,
) -> None:
    rows = await outcomes(
        stack, "silence/accept", "silence/headers", "silence/token", "drip/x"
    )
    ended = {model: row.outcome for model, (row,) in rows.items()}
    assert not any(row.ok for (row,) in rows.values()), ended
    for model, (row,) in rows.items():
        assert row.ended_s is not None, model
        assert row.started_s is not None, model
        assert row.ended_s - row.started_s < 4 + 5, f"{model} was not ended in time"
    await stack.nothing_is_left()
    worker = psutil.Process(stack.fleet.children[0].pid)
    port = int(stack.upstream.url.split(":")[2].split("/")[0])
    ours = [c for c in worker.net_connections() if c.raddr and c.raddr.port == port]
    assert ours == [], "sockets were left open"


async def test_garbage_is_a_row_and_never_the_end_of_a_worker(stack: Stack) -> None:
    models = [f"garbage/{name}" for name in GARBAGE]
    rows = await outcomes(stack, *models, "not-http/x", "echo-key/x", n=2)
    for model, found in rows.items():
        assert not any(row.ok for row in found), model
    assert stack.fleet.children[0].poll() is None


async def test_endless_answers_end_at_a_cap_and_take_no_memory(stack: Stack) -> None:
    await outcomes(stack, "ok")  # all that is made once is made now
    worker = psutil.Process(stack.fleet.children[0].pid)
    before = worker.memory_info().rss
    for model in ("bomb/x", "huge-line/x", "endless/x", "tiny/x"):
        (row,) = (await outcomes(stack, model))[model]
        assert row.outcome is not Outcome.OK, model
        most = worker.memory_info().rss - before
        assert most < MOST_GROWTH, f"{model}: {most / 2**20:.0f} MiB"
    assert worker.is_running()


async def test_errors_under_a_status_200_are_told_from_answers(stack: Stack) -> None:
    rows = await outcomes(
        stack, "error/middle", "error/finished", "error-in-200/x", "ok"
    )
    told = {model: row.outcome for model, (row,) in rows.items()}
    assert told.pop("ok") is Outcome.OK
    assert set(told.values()) == {Outcome.ERROR_IN_200}


async def test_a_providers_429_is_a_row_whatever_its_retry_after_says(
    stack: Stack,
) -> None:
    said = ("none", "zero", "minus", "text", "date", "far")
    rows = await outcomes(stack, *(f"limited/{word}" for word in said), n=4)
    for found in rows.values():
        assert [row.outcome for row in found] == [Outcome.RATE_LIMITED] * 4


async def test_an_in_flight_budget_is_waited_for_and_no_credit_ends_the_run(
    stack: Stack,
) -> None:
    job_id = await stack.submit(a_plan("in-flight/x", n=4))
    done = await stack.reaches(job_id, Status.DONE)
    assert (done.closed, done.failed) == (4, 0)
    assert done.segment >= 1, "nothing was waited for"
    broke = await stack.submit(a_plan("no-credit/x", n=60))
    failed = await stack.reaches(broke, Status.FAILED)
    assert failed.ending is Ending.NO_CREDIT
    assert len(stack.upstream.of("no-credit/x")) <= 2 * 4
