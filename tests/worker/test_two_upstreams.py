"""Two upstreams of one run: what holds one of them up does not hold up the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.plan import Plan
from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.sample import Outcome
from tests.children import until
from tests.faults.switched import Switched, switched
from tests.faults.talk import Fault
from tests.origins import upstreams_file
from tests.worker.floor import floor, submit
from tests.worker.told import reaches, rows_of

pytestmark = pytest.mark.usefixtures("no_midnight")

LANES = 4
HERE, NEAR = 0, 1
"""The targets of a plan: at the default upstream, and at the one with a name."""


def a_plan(n: int) -> Plan:
    """So many calls at each of the two."""
    return Plan.model_validate(
        {
            "targets": [{"model": "ok"}, {"model": "ok", "upstream": "near"}],
            "prompts": {"prompts": [f"Say {i}." for i in range(n)]},
            "runs": 1,
            "load": Concurrency(concurrency=LANES),
        }
    )


@pytest.fixture
async def two() -> AsyncIterator[tuple[Switched, Switched]]:
    """The default one, and `near`."""
    async with switched() as here, switched() as near:
        yield here, near


def named(folder: Path, near: Fault, more: str = "") -> str:
    """The file that says where `near` is."""
    return upstreams_file(folder, f'[near]\nbase_url = "{near.url}"\n{more}')


async def asked(fault: Fault, n: int) -> bool:
    return len(fault.ledger) >= n


@pytest.mark.alone  # what is slow to answer looks down, too
async def test_while_one_is_down_the_other_s_calls_are_made(
    redis: Redis, store_url: str, tmp_path: Path, two: tuple[Switched, Switched]
) -> None:
    here, near = two
    file = named(tmp_path, near.fault)
    await near.off()
    async with floor(store_url, here.fault, tmp_path, upstreams_file=file) as workers:
        job_id = await submit(workers, a_plan(40))
        await until(lambda: asked(here.fault, 40), "all calls of the one that is up")
        waits = await reaches(redis, job_id, Status.WAITING)
        assert (waits.closed, waits.failed) == (40, 0)
        assert waits.down is not None
        assert waits.down.startswith("near: ")
        assert near.fault.ledger == []
        await near.on()
        done = await reaches(redis, job_id, Status.REDUCING)
    assert (done.closed, done.failed, done.ending) == (80, 0, Ending.COMPLETED)
    assert done.outages == 1
    rows = await rows_of(redis, job_id)
    away = [row for row in rows if row.outcome is Outcome.CONNECT_ERROR]
    assert {row.target for row in away} == {NEAR}
    assert len(near.fault.ledger) == 40


async def test_a_limit_of_one_bars_no_call_of_the_other(
    redis: Redis, store_url: str, tmp_path: Path, two: tuple[Switched, Switched]
) -> None:
    here, near = two
    file = named(tmp_path, near.fault, "limits = { per_day = 3 }\n")
    async with floor(store_url, here.fault, tmp_path, upstreams_file=file) as workers:
        job_id = await submit(workers, a_plan(10))
        waits = await reaches(redis, job_id, Status.WAITING)
    assert waits.closed == 13
    assert waits.shut == "the limit of calls a UTC day at near"
    rows = await rows_of(redis, job_id)
    assert [sum(row.target == each for row in rows) for each in (HERE, NEAR)] == [10, 3]
    assert all(row.ok for row in rows)
    assert (len(here.fault.ledger), len(near.fault.ledger)) == (10, 3)


async def test_a_limit_of_the_default_one_is_not_of_the_one_with_a_name(
    redis: Redis, store_url: str, tmp_path: Path, two: tuple[Switched, Switched]
) -> None:
    here, near = two
    async with floor(
        store_url,
        here.fault,
        tmp_path,
        upstreams_file=named(tmp_path, near.fault),
        max_calls_per_day=2,
    ) as workers:
        job_id = await submit(workers, a_plan(10))
        waits = await reaches(redis, job_id, Status.WAITING)
    assert waits.closed == 12
    assert (len(here.fault.ledger), len(near.fault.ledger)) == (2, 10)


async def test_two_names_of_one_account_share_what_it_allows(
    redis: Redis, store_url: str, tmp_path: Path, two: tuple[Switched, Switched]
) -> None:
    """The account is its address and its key, and its calls count together."""
    here, _ = two
    limits = "limits = { per_day = 6 }\n"
    file = named(tmp_path, here.fault, f'key_file = "key"\n{limits}')
    (tmp_path / "key").write_text("sk-of-both-of-a-test")
    async with floor(
        store_url,
        here.fault,
        tmp_path,
        upstreams_file=file,
        openrouter_api_key="sk-of-both-of-a-test",
        max_calls_per_day=6,
    ) as workers:
        job_id = await submit(workers, a_plan(10))
        waits = await reaches(redis, job_id, Status.WAITING)
    assert waits.closed == 6
    assert len(here.fault.ledger) == 6
