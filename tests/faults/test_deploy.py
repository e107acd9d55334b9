"""Versions that meet while jobs fly: row 25.

What the first version has written is frozen in `fixtures/` and must be read for ever;
the numbers of a later one are put into the store by hand.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from shared.plan import read_plan
from shared.run import Status, new_job_id
from shared.sample import decode
from shared.store import keys
from shared.store.run import runs
from tests.faults import odd
from tests.faults.stack import Stack, a_plan, a_stack

FIXTURES = Path(__file__).with_name("fixtures")
FROZEN = {
    "plans-1.jsonl": "144af36c506374dbb4208c0d00a49e69358a2f22cbbc15f24d3e60492b157867",
    "run-1.json": "135ad48e84ed0a376560a9a35b2060d4d33aa64354be25391961b845948b43ce",
}
"""Who changes one of these has not kept the promise, but the test."""


def frozen(name: str) -> bytes:
    text = (FIXTURES / name).read_bytes()
    assert sha256(text).hexdigest() == FROZEN[name], f"{name} is no longer frozen"
    return text


def test_every_plan_of_the_first_schema_is_read_and_means_the_same() -> None:
    lines = frozen("plans-1.jsonl").splitlines()
    assert len(lines) == 9
    for line in lines:
        said, read = json.loads(line), read_plan(line).model_dump(mode="json")
        assert holds(read, said), line


def holds(read: Any, said: Any) -> bool:
    """Whether all that was said is there; fields may have come since."""
    if isinstance(said, dict):
        return all(holds(read[name], value) for name, value in said.items())
    if isinstance(said, list):
        pairs = zip(read, said, strict=True)
        return all(holds(*pair) for pair in pairs)
    return bool(read == said)


async def thaw(redis: Redis, dump: dict[str, dict[str, Any]]) -> str:
    """Write a frozen run's keys under an id of now."""
    job_id = new_job_id(1_760_000_000)
    for name, typed in dump.items():
        key = keys.run(job_id, name.removeprefix("(record)"))
        for kind, value in typed.items():
            if kind == "hash":
                await redis.hset(key, mapping=value)  # type: ignore[misc]
            elif kind == "list":
                await redis.rpush(key, *value)  # type: ignore[misc]
            elif kind == "stream":
                for event in value:
                    await redis.xadd(key, event)
            elif kind == "bits":
                await redis.set(key, bytes.fromhex(value))
            else:
                await redis.set(key, value)
    for index in (keys.RUNS, keys.OPEN):
        await redis.zadd(index, {job_id: float(dump["(record)"]["hash"]["created_ms"])})
    return job_id


async def test_a_run_that_the_first_version_left_half_done_is_finished(
    tmp_path: Path,
) -> None:
    dump = json.loads(frozen("run-1.json"))
    old = [decode(row.encode()) for row in dump[":rows"]["list"]]
    async with a_stack(tmp_path) as stack:
        job_id = await thaw(stack.redis, dump)
        stack.fleet.start()
        done = await stack.reaches(job_id, Status.DONE, Status.FAILED)
        assert (done.status, done.closed, done.interrupted) == (Status.DONE, 16, 1)
        assert len(stack.upstream.ledger) == 16 - len(old) == 4
        rows = await stack.rows(job_id)
        assert rows[: len(old)] == old
        asked = Counter((row.target, row.prompt, row.repetition) for row in rows)
        assert len(asked) == 16, "a slot asks something else than it did"
        table = stack.table(job_id)
        assert len(table) == 16
        assert sum(line["generation_id"].startswith("gen-frozen") for line in table) > 0


async def newer_record(redis: Redis, job_id: str, *, by: int) -> None:
    await raise_by(redis, job_id, "schema", by)


async def newer_plan(redis: Redis, job_id: str, *, by: int) -> None:
    """As a later version writes it, with a field that we do not know."""
    await raise_by(redis, job_id, "plan_schema", by)
    plan = json.loads(await redis.get(keys.run(job_id, ":plan")) or b"")
    plan["schema_version"] += by
    if plan.pop("of_later", None) is None:
        plan["of_later"] = True
    await redis.set(keys.run(job_id, ":plan"), json.dumps(plan))


async def raise_by(redis: Redis, job_id: str, field: str, by: int) -> None:
    await redis.hincrby(keys.run(job_id), field, by)  # type: ignore[misc]


Number = Callable[..., Awaitable[None]]


@pytest.mark.long
@pytest.mark.parametrize("number", [newer_record, newer_plan])
async def test_a_run_of_a_later_version_is_left_alone_and_the_others_go_on(
    tmp_path: Path, number: Number
) -> None:
    async with a_stack(tmp_path) as stack:
        later = (await runs.create(stack.redis, a_plan(n=6))).job_id
        await number(stack.redis, later, by=1)
        before = await stack.redis.hgetall(keys.run(later))  # type: ignore[misc]
        worker = stack.fleet.start()
        ours = [await stack.submit(a_plan(n=6)) for _ in range(2)]
        for job_id in ours:
            await stack.reaches(job_id, Status.DONE)
        assert len(await runs.listing(stack.redis, limit=9)) == 2
        after = await stack.redis.hgetall(keys.run(later))  # type: ignore[misc]
        assert after == before, "an older worker touched it"
        assert len(stack.upstream.ledger) == 12
        assert "reads up to 1" in stack.said()
        told = [line for line in lines_of(stack) if later in line]
        assert len(told) == 1, told
        # now it is this worker that is of the later version
        await number(stack.redis, later, by=-1)
        done = await stack.reaches(later, Status.DONE)
        assert (done.closed, worker.poll()) == (6, None)
        assert len(stack.upstream.ledger) == 18


def lines_of(stack: Stack) -> list[str]:
    """What the worker has printed."""
    return stack.fleet.output().splitlines()


async def test_a_run_whose_plan_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    async with a_stack(tmp_path) as stack:
        broken = (await runs.create(stack.redis, a_plan(n=6))).job_id
        await stack.redis.set(keys.run(broken, ":plan"), '{"schema_version": 1, ')
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=6))
        await stack.reaches(job_id, Status.DONE)
        assert "The plan is not JSON" in stack.said(), "nobody says why it does not run"
        assert worker.poll() is None


async def test_rows_of_a_later_version_left_on_disk_do_not_keep_a_worker_from_working(
    tmp_path: Path,
) -> None:
    """A roll back: the one before had kept rows on disk when it was killed."""
    async with a_stack(tmp_path) as stack:
        later = (await runs.create(stack.redis, a_plan(n=6))).job_id
        await newer_record(stack.redis, later, by=1)
        folder = tmp_path / "spool" / "dead-1-a"
        folder.mkdir(parents=True)
        (folder / "lock").touch()
        file = folder / f"{later}.0.0.1.rows"
        file.write_bytes(b'[0,0,"ok",0,"[2,0,0]",""]\n')
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=6))
        await stack.reaches(job_id, Status.DONE)
        await odd.lives(stack.redis, worker)
        assert f"rows of {later} stay in SPOOL_DIR" in stack.said()
        assert list((tmp_path / "spool").rglob(file.name)), "rows were thrown away"


async def test_a_later_record_that_an_api_is_asked_for_is_said_and_not_broken(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        later = (await runs.create(stack.redis, a_plan(n=6))).job_id
        ours = (await runs.create(stack.redis, a_plan(n=6))).job_id
        await newer_record(stack.redis, later, by=1)
        url = stack.start_api()
        async with httpx.AsyncClient(trust_env=False, base_url=url) as http:
            said = await http.get(f"/benchmark/{later}")
            assert said.json()["type"] == "/problems/newer-record"
            assert "Upgrade this process" in said.json()["detail"]
            listed = (await http.get("/benchmark")).json()
        assert [run["job_id"] for run in listed["jobs"]] == [ours]
