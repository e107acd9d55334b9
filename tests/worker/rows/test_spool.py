"""Rows on disk: whole ones come back, whatever became of those beside them."""

import errno
import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.process import lock_file
from shared.run import Run
from shared.sample import Outcome, Sample, decode, encode
from shared.settings.settings import Settings
from shared.store.run import leases, runs, slots
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from tests.worker.asked import alone
from worker.assignment import Assignment
from worker.rows import spool, spool_lines
from worker.rows.committer import Committer
from worker.rows.left_rows import bring_left_rows
from worker.rows.spool import PartlyWritten, Spool, left_behind
from worker.storeclock import StoreClock

PLAN = Plan(
    targets=(Target(model="a/b"),),
    prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(10))),
    runs=1,
    load=Concurrency(concurrency=8),
)
JOB = "01M83PA3G22FQBE9N1BXJMC6N2"


def a_lease(job_id: str = JOB, shard: int = 0) -> Lease:
    return Lease(*(job_id, steps(PLAN)[0], shard, 1, 1, 1, 0, 0, 0))


def a_row(slot: int) -> Entry:
    sample = Sample(step=0, slot=slot, target=0, prompt=slot, outcome=Outcome.OK)
    answer = f'{{"text":"Ответ {slot}"}}'.encode()
    return Entry(
        slot, 0, "ok", 0, encode(sample), answer, cost_nano=slot, reservation="h"
    )


ROWS = [a_row(slot) for slot in range(8)]
LINE = len(spool_lines.line(ROWS[0]))
"""Bytes of each of them; they differ in one digit."""


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process can become larger: as on a full disk a write takes what
    fits, and the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left(root: Path) -> list[Entry]:
    """What a later process finds."""
    with left_behind(root) as files:
        return [entry for file in files for entry in spool.read(file).entries]


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    writer = Spool(tmp_path, "host:1:a")
    writer.append(a_lease(), ROWS[:3])
    writer.append(a_lease(), ROWS[3:])
    assert left(tmp_path) == [], "its process lives"
    writer.close()
    assert left(tmp_path) == ROWS
    assert left(tmp_path) == ROWS, "who reads has not brought them yet"


def test_a_disk_that_is_full_in_the_middle_of_a_row_keeps_those_before_it(
    tmp_path: Path,
) -> None:
    writer = Spool(tmp_path, "host:1:a")
    writer.append(a_lease(), ROWS[:2])
    with (
        room_for(4 * LINE + LINE // 2),
        pytest.raises(PartlyWritten) as raised,
    ):
        writer.append(a_lease(), ROWS[2:])
    assert (raised.value.errno, raised.value.kept) == (errno.EFBIG, 2)
    writer.append(a_lease(), ROWS[4:])  # there is room again
    writer.close()
    assert left(tmp_path) == ROWS


def test_a_torn_row_hides_none_of_the_later_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Spool(tmp_path, "host:1:a")
    writer.append(a_lease(), ROWS[:4])
    (file,) = tmp_path.glob("*/*.rows")
    with file.open("r+b") as half:  # as a process leaves it that is killed
        half.truncate(file.stat().st_size - LINE // 2)
    writer.append(a_lease(), ROWS[4:])
    writer.close()
    with caplog.at_level(logging.WARNING, "worker.rows.spool"):
        assert left(tmp_path) == ROWS[:3] + ROWS[4:]
    assert "1 torn rows" in caplog.text


def test_a_byte_that_has_changed_spoils_its_row_alone(tmp_path: Path) -> None:
    writer = Spool(tmp_path, "host:1:a")
    writer.append(a_lease(), ROWS)
    writer.close()
    (file,) = tmp_path.glob("*/*.rows")
    text = bytearray(file.read_bytes())
    at = text.index("Ответ 5".encode()) + len("Ответ 5".encode()) - 1
    text[at:at] = b"5"
    file.write_bytes(text)
    assert left(tmp_path) == ROWS[:5] + ROWS[6:]


def test_rows_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    old = b'[3,0,"ok",0,"[1]","{}"]\n[4,1,"again",9,"[1]","",5,"h"]\n[5,0,"o'
    assert spool_lines.read(old) == (
        [
            Entry(3, 0, "ok", 0, b"[1]", b"{}"),
            Entry(4, 1, "again", 9, b"[1]", b"", 5, "h"),
        ],
        1,
    )


@pytest.mark.parametrize("cut", range(0, 2 * LINE + 1, 7))
def test_wherever_a_file_ends_its_whole_rows_are_read(cut: int) -> None:
    text = b"".join(map(spool_lines.line, ROWS[:2]))
    found, _ = spool_lines.read(text[:cut] + spool_lines.line(ROWS[2]))
    # the last byte of a line is its end, without which the row is whole all the same
    before = (cut >= LINE - 1) + (cut >= 2 * LINE - 1)
    assert found == [*ROWS[:before], ROWS[2]]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_folder_that_cannot_be_locked_hides_no_other_and_leaks_nothing(
    tmp_path: Path,
) -> None:
    for name in ("host:1:a", "host:3:c"):
        writer = Spool(tmp_path, name)
        writer.append(a_lease(), ROWS[:1])
        writer.close()
    (tmp_path / "host-2-b" / "lock").mkdir(parents=True)
    (tmp_path / "a file").write_text("of nobody")
    before = descriptors()
    assert left(tmp_path) == [ROWS[0], ROWS[0]]
    with pytest.raises(RuntimeError), left_behind(tmp_path):
        raise RuntimeError
    assert descriptors() == before, "a lock was not given back"
    assert left(tmp_path) == [ROWS[0], ROWS[0]]


def test_a_folder_into_which_another_looks_is_not_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "host-1-a"
    folder.mkdir()
    lock = lock_file(folder / "lock", "a reader")
    assert lock is not None
    writer = Spool(tmp_path, "host:1:a")
    writer.append(a_lease(), ROWS)
    os.close(lock)
    assert left(tmp_path) == [], "rows of a process that lives were taken"
    writer.drop(a_lease())
    writer.close()
    assert not any(tmp_path.glob("*"))


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return Settings(redis_url=store_url, spool_dir=tmp_path / "spool")


def nothing_to_measure(run: Run) -> None:
    raise AssertionError(f"{run.job_id} is no search")


async def claimed(redis: Redis) -> Lease:
    """A run of ten calls, eight of which are in hand."""
    job_id = (await runs.create(redis, PLAN)).job_id
    lease = await leases.claim(
        redis, job_id, steps(PLAN)[0], owner="x", shards=1, lease_s=15
    )
    assert lease is not None
    assert await slots.take(redis, lease, 8, ticket="t")
    return lease


async def test_a_file_that_cannot_be_brought_hides_no_other(
    redis: Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    lease = await claimed(redis)
    writer = Spool(settings.spool_dir, "host:1:a")
    writer.append(lease, ROWS)
    writer.close()
    (folder,) = settings.spool_dir.glob("*")
    (folder / "0.a.stranger.rows").mkdir()  # it sorts before the others
    (folder / "1.0.0.1.rows").mkdir()
    (folder / "2.rows").write_text("of nobody")
    await bring_left_rows(redis, settings, nothing_to_measure)
    assert (await runs.load(redis, lease.job_id)).closed == 8
    assert not list(folder.glob(f"{lease.job_id}*")), "they are brought"
    assert len(list(folder.glob("*.rows"))) == 3, "they stay"
    assert caplog.text.count("stay in SPOOL_DIR") == 3


async def test_a_spool_that_cannot_be_seen_is_no_reason_not_to_start(
    redis: Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.spool_dir.write_text("a file where the folder should be")
    await bring_left_rows(redis, settings, nothing_to_measure)
    assert "cannot be seen" in caplog.text


async def test_many_rows_are_brought_in_parts_and_end_the_step_once(
    redis: Redis, settings: Settings
) -> None:
    many = PLAN.model_copy(update={"runs": 120})
    job_id = (await runs.create(redis, many)).job_id
    step = steps(many)[0]
    lease = await leases.claim(redis, job_id, step, owner="x", shards=1, lease_s=15)
    assert lease is not None
    assert await slots.take(redis, lease, 1200, ticket="t")
    writer = Spool(settings.spool_dir, "host:1:a")
    writer.append(lease, [a_row(slot) for slot in range(1200)])
    writer.append(lease, ROWS[:2])  # kept twice: refused the second time
    writer.close()
    await bring_left_rows(redis, settings, nothing_to_measure)
    run = await runs.load(redis, job_id)
    assert (run.closed, run.status) == (1200, "reducing")
    assert not any(settings.spool_dir.glob("*"))


async def test_rows_that_did_not_fit_are_written_when_there_is_room_and_no_row_twice(
    redis: Redis, settings: Settings
) -> None:
    lease, writer = a_lease(), Spool(settings.spool_dir, "host:1:a")
    assigned = Assignment(
        *(redis, PLAN, lease, settings, StoreClock(0.0, 0.0)), alone(settings)
    )
    told: list[int] = []
    lanes = SimpleNamespace(release=lambda indexes: told.extend(indexes))
    rows = Committer(assigned, writer, lanes)
    for slot in range(8):
        rows.put(decode(ROWS[slot].row), "ok", answer=ROWS[slot].answer)
    size = len(spool_lines.line(ROWS[0]._replace(cost_nano=None, reservation="")))
    with room_for(3 * size + size // 2), pytest.raises(PartlyWritten):
        rows.spool_waiting()
    assert told == [0, 1, 2], "a lane goes on whose row is nowhere"
    rows.spool_waiting()
    assert told == list(range(8))
    writer.close()
    assert [entry.slot for entry in left(settings.spool_dir)] == list(range(8))


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("photos", "2026", "year-2026-beef", "lost"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    (tmp_path / "photos" / "lock").touch()
    with left_behind(tmp_path) as files:
        assert files == []
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("kept")}
    assert kept == {"photos/kept", "2026/kept", "year-2026-beef/kept", "lost/kept"}
