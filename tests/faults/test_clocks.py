"""Clocks on the wall that are off, and that jump: row 18."""

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from shared.run import Status
from shared.sample import Sample
from shared.store.run import runs
from simulator import bodies
from tests.children import until
from tests.faults import odd, skewed
from tests.faults.stack import LEASE_S, Stack, a_plan, a_stack
from tests.faults.upstream import SCRIPTS, Talk, ok

HOUR_S = 3600.0
GAP_S = 0.02
LEAST_S = 6 * GAP_S
"""What the upstream takes from its first event to its last one."""
MOST_S = 20.0
"""No call takes so long on a busy machine, and an hour is longer."""


async def resets(talk: Talk, said: str) -> None:
    """429 of the account, until a moment of the upstream's own clock; once a prompt."""
    seen = [c for c in talk.fault.of(talk.call.model) if c.prompt == talk.call.prompt]
    if len(seen) > 1:
        await ok(talk, said)
        return
    body = bodies.encode(
        bodies.error(429, "Slow down", {"limit_source": "openrouter_free_tier"})
    )
    opens_ms = int((time.time() + 2) * 1000)
    await talk.send(
        b"HTTP/1.1 429 X\r\nContent-Type: application/json\r\n"
        b"Date: %b\r\nX-RateLimit-Reset: %d\r\nContent-Length: %d\r\n\r\n"
        % (formatdate(usegmt=True).encode(), opens_ms, len(body))
        + body
    )


SCRIPTS["resets"] = resets


async def worker_off_by(stack: Stack, skew_s: float) -> tuple[Path, int]:
    """The file that moves its clock, and the worker's process."""
    file = stack.folder / f"skew{len(stack.fleet.children)}"
    skewed.write(file, skew_s)
    worker = odd.start(stack.fleet, "tests.faults.skewed", SKEW_FILE=str(file))
    await odd.lives(stack.redis, worker)
    return file, worker.pid


def assert_timed(row: Sample) -> None:
    """The row's times are in order, and about what the upstream took."""
    stamps = (row.started_s, row.sent_s, row.ack_s, row.first_token_s)
    times = [at_s for at_s in (*stamps, row.last_token_s, row.ended_s) if at_s]
    assert len(times) >= 5
    assert times == sorted(times), row
    assert times[0] >= -0.01
    assert LEAST_S * 0.9 <= times[-1] - times[0] < MOST_S, row


def off_by(row: Sample, stack: Stack) -> float:
    """How far the label of a row is from when the upstream had the call."""
    assert row.started_at is not None
    call = next(c for c in stack.upstream.ledger if c.id == row.generation_id)
    return row.started_at - (time.time() - time.monotonic() + call.at_s)


@pytest.mark.parametrize("skew_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
async def test_an_hour_off_the_label_of_a_row_is_off_and_nothing_else(
    tmp_path: Path, skew_s: float
) -> None:
    async with a_stack(tmp_path, gap_s=GAP_S) as stack:
        await worker_off_by(stack, skew_s)
        asked_s, asked_at = time.monotonic(), time.time()
        job_id = await stack.submit(a_plan(n=24))
        await stack.closed(job_id, 1)
        assert time.monotonic() - asked_s < MOST_S, "it waited for its clock"
        done = await stack.reaches(job_id, Status.DONE)
        rows = await stack.rows(job_id)
        for row in rows:
            assert_timed(row)
            assert abs(off_by(row, stack) - skew_s) < MOST_S, "the clock was right"
        for at in (done.created_at, done.started_at, done.ended_at):
            assert at is not None
            assert abs(at - asked_at) < 10 * MOST_S, "a clock that is not the store's"
        assert (done.interrupted, done.overlaps, done.duplicates) == (0, 0, 0)
        await stack.balanced(job_id)


@pytest.mark.long
async def test_a_lease_lasts_as_long_whatever_the_clocks_say(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=GAP_S) as stack:
        _, behind = await worker_off_by(stack, -HOUR_S)
        job_id = await stack.submit(a_plan(n=120))
        await stack.closed(job_id, 8)
        _, ahead = await worker_off_by(stack, HOUR_S)
        run = await stack.run(job_id)
        assert run is not None
        await stack.closed(job_id, run.closed + 16)
        assert set((await stack.owners(job_id)).values()) == {behind}, "taken too soon"
        stack.fleet.children[0].kill()
        killed_s = time.monotonic()

        async def taken_over() -> bool:
            return set((await stack.owners(job_id)).values()) == {ahead}

        await until(taken_over, "a takeover")
        assert time.monotonic() - killed_s < LEASE_S + MOST_S
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.interrupted) == (120, 1)
        labels = {
            round(off_by(row, stack) / HOUR_S) for row in await stack.rows(job_id)
        }
        assert labels == {-1, 1}, "the clocks were right"


@pytest.mark.long
async def test_a_clock_that_jumps_spoils_no_duration_and_loses_no_lease(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=GAP_S) as stack:
        clock, _ = await worker_off_by(stack, 0)
        job_id = await stack.submit(a_plan(n=120))
        for closed, skew_s in ((20, HOUR_S), (50, -HOUR_S), (80, 0.5)):
            await stack.closed(job_id, closed)
            skewed.write(clock, skew_s)
        done = await stack.reaches(job_id, Status.DONE)
        rows = await stack.rows(job_id)
        for row in rows:
            assert_timed(row)
        labels = {round(off_by(row, stack) / HOUR_S) for row in rows}
        assert labels == {0, 1, -1}, "the clock did not jump"
        assert (done.closed, done.interrupted, done.overlaps) == (120, 0, 0)
        result = await runs.result_of(stack.redis, job_id)
        assert result is not None
        notes = {note["code"] for note in result["verdict"]["notes"]}
        assert "clamped_stamps" in notes, "stamps that cannot be were believed"
        await stack.balanced(job_id)


@pytest.mark.long
@pytest.mark.parametrize("skew_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
@pytest.mark.parametrize("model", ["in-flight", "resets"])
async def test_an_accounts_limit_is_waited_for_and_no_longer(
    tmp_path: Path, skew_s: float, model: str
) -> None:
    """It comes as a wait (Retry-After), or as a moment of the upstream's clock."""
    async with a_stack(tmp_path, gap_s=GAP_S) as stack:
        await worker_off_by(stack, skew_s)
        job_id = await stack.submit(a_plan(model, n=4))
        waiting = await stack.reaches(job_id, Status.WAITING)
        assert waiting.until is not None
        assert abs(waiting.until - time.time()) < MOST_S
        done = await stack.reaches(job_id, Status.DONE)
        assert done.closed == 4
        rows = [row for row in await stack.rows(job_id) if row.ok]
        labels = {round(off_by(row, stack) / skew_s) for row in rows}
        assert labels == {1}, "the clock was right"
