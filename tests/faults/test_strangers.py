"""Upstreams that misbehave: rows 10 to 17 of the list of faults, by real workers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from tests.children import CANARY
from tests.faults.stack import Stack, a_plan, a_stack
from tests.faults.upstream import CHUNKED, GARBAGE, Called, a_bomb, framed

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = {
    # a worker that reads an endless answer on a busy core hears late of a connection
    "CONNECT_TIMEOUT_S": "60",
    "FIRST_TOKEN_TIMEOUT_S": "1",
    "IDLE_TIMEOUT_S": "1",
    "TOTAL_TIMEOUT_S": "3",
}
MOST_GROWTH = 64 * 2**20
ENDLESS = ("bomb/x", "huge-line/x", "endless/x", "tiny/x")
UNSAID = b"[DONE]\n\n\r\n0\r\n\r\n"
"""The end of an answer: once [DONE] has come nothing can be missing."""


def cuts(every: int) -> list[str]:
    """Ends after some byte of an answer, by FIN and by RST."""
    call = Called(id="gen-000100", model="fin/100", prompt="", key="", connection=0)
    most = len(b"".join(framed(call))) - len(UNSAID)
    return [f"{how}/{k}" for how in ("fin", "rst") for k in range(0, most, every)]


# now and then here; after every byte in `make faults`
CUTS = cuts(149)
SILENT = ["silence/accept", "silence/headers", "silence/token", "drip/x"]
ODD = [*(f"garbage/{name}" for name in GARBAGE), "not-http/x", "echo-key/x"]
ERRORS = ["error/middle", "error/finished", "error-in-200/x"]
WORDS = ("none", "zero", "minus", "text", "date", "far")
LIMITED = [f"limited/{word}" for word in WORDS]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("strangers")
    async with a_stack(folder, env=LIMITS, warm=True) as running:
        running.fleet.start()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rows(stack: Stack) -> dict[str, list[Sample]]:
    """Of a run against all of them at once, two calls each; the worker is alive."""
    found = await outcomes(stack, *CUTS, *SILENT, *ODD, *ERRORS, "ok", n=2)
    # a second call would wait for as long as the first one was told to
    found |= await outcomes(stack, *LIMITED)
    assert stack.fleet.children[0].poll() is None
    assert {row.outcome for row in found["ok"]} == {Outcome.OK}
    return found


async def outcomes(
    stack: Stack, *models: str, n: int = 1, lanes: int = 32
) -> dict[str, list[Sample]]:
    """One run of these scripts; the rows of each."""
    lanes = min(lanes, len(models) * n)
    plan = a_plan(*models, n=n, load=Concurrency(concurrency=lanes))
    job_id = await stack.submit(plan)
    done = await stack.reaches(job_id, Status.DONE)
    rows = await stack.rows(job_id)
    assert done.closed == len(models) * n
    made = [call for call in stack.upstream.ledger if call.model in models]
    assert len(made) == len(rows), [(row.outcome, row.error) for row in rows]
    found: dict[str, list[Sample]] = {model: [] for model in models}
    for row in rows:
        found[models[row.target]].append(row)
    return found


async def growth(stack: Stack) -> tuple[int, dict[str, Outcome]]:
    """Most bytes that the worker has grown by under endless answers, one after the
    other, and what each was."""
    # all that is made once is made now
    await asyncio.to_thread(a_bomb)
    await outcomes(stack, "ok/first")
    worker = psutil.Process(stack.fleet.children[0].pid)
    before, most = worker.memory_info().rss, 0
    watching = asyncio.ensure_future(outcomes(stack, *ENDLESS, lanes=1))
    while not watching.done():
        most = max(most, worker.memory_info().rss - before)
        await asyncio.sleep(0.02)
    return most, {model: row.outcome for model, (row,) in watching.result().items()}


async def test_a_stream_that_ends_after_any_byte_is_never_called_ok(
    stack: Stack, rows: dict[str, list[Sample]]
) -> None:
    for model in CUTS:
        assert not any(row.ok for row in rows[model]), model
        sent = {call.sent for call in stack.upstream.of(model)}
        assert sent == {len(CHUNKED) + int(model.partition("/")[2])}


async def test_silence_and_drops_end_at_their_limit_and_leak_no_socket(
    stack: Stack, rows: dict[str, list[Sample]]
) -> None:
    for model in SILENT:
        assert not any(call.whole for call in stack.upstream.of(model)), model
        for row in rows[model]:
            assert not row.ok, model
            assert row.ended_s is not None, model
            assert row.started_s is not None, model
            assert row.ended_s - row.started_s < 3 + 5, f"{model} did not end in time"
    await stack.nothing_is_left()
    worker = psutil.Process(stack.fleet.children[0].pid)
    port = int(stack.upstream.url.split(":")[2].split("/")[0])
    ours = [c for c in worker.net_connections() if c.raddr and c.raddr.port == port]
    assert ours == [], "sockets were left open"


async def test_garbage_is_a_row_and_never_the_end_of_a_worker(
    stack: Stack, rows: dict[str, list[Sample]]
) -> None:
    for model in ODD:
        assert not any(row.ok for row in rows[model]), model
        assert all(call.whole for call in stack.upstream.of(model)), model
    for row in rows["echo-key/x"]:
        assert row.error is not None
        assert "bad header" in row.error, "what it said did not come"
        assert CANARY not in row.error


async def test_errors_under_a_status_200_are_told_from_answers(
    rows: dict[str, list[Sample]],
) -> None:
    for model in ERRORS:
        assert {(row.status, row.outcome) for row in rows[model]} == {
            (200, Outcome.ERROR_IN_200)
        }, model


async def test_a_providers_429_is_a_row_whatever_its_retry_after_says(
    rows: dict[str, list[Sample]],
) -> None:
    for model in LIMITED:
        assert {(row.status, row.outcome) for row in rows[model]} == {
            (429, Outcome.RATE_LIMITED)
        }, model


@pytest.mark.alone  # reading them takes a core for seconds, and memory is measured
async def test_endless_answers_end_at_a_cap_and_take_no_memory(stack: Stack) -> None:
    most, ended = await growth(stack)
    assert set(ended.values()) == {Outcome.PROTOCOL_ERROR}, ended
    sent = {model: stack.upstream.of(model)[0].sent for model in ENDLESS}
    assert sent.pop("bomb/x") > 250_000
    assert min(sent.values()) > 2**20, sent
    assert most < MOST_GROWTH, f"{most / 2**20:.0f} MiB"
    assert stack.fleet.children[0].poll() is None


async def test_an_in_flight_budget_is_waited_for_and_no_credit_ends_the_run(
    stack: Stack,
) -> None:
    job_id = await stack.submit(a_plan("in-flight/x", n=4))
    done = await stack.reaches(job_id, Status.DONE)
    assert (done.closed, done.failed) == (4, 0)
    assert done.segment >= 1, "nothing was waited for"
    assert len(stack.upstream.of("in-flight/x")) == 8, "nothing was refused"
    broke = await stack.submit(a_plan("no-credit/x", n=60))
    failed = await stack.reaches(broke, Status.FAILED)
    assert failed.ending is Ending.NO_CREDIT
    assert 1 <= len(stack.upstream.of("no-credit/x")) <= 2 * 4
