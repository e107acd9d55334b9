"""The self-test itself: whole, interrupted, and asked for through the store."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from shared.store import selftests
from shared.store.selftests import State
from shared.verdict.selftest import ROUNDS, SelfTest
from tests.children import CANARY, until, workers
from worker.selftest import parts

ARGV = [sys.executable, "-m", "worker.selftest", "--streams"]


def surroundings(folder: Path) -> dict[str, str]:
    """A user's environment, from which nothing may come into a self-test."""
    return {
        **os.environ,
        "TMPDIR": str(folder),
        "REDIS_URL": "redis://127.0.0.1:1",
        "OPENROUTER_API_KEY": CANARY,
        "UPSTREAM_PROXY": "http://127.0.0.1:1",
    }


def test_its_children_find_their_code() -> None:
    for child in ("simulator", "worker"):
        assert (parts.ROOT / child / "__main__.py").is_file()


@pytest.mark.alone
def test_it_measures_both_ways_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*ARGV, "3"], env=surroundings(tmp_path), capture_output=True, timeout=100
    )
    result = SelfTest.model_validate_json(ended.stdout)
    assert [(case.streams, case.mode) for case in result.cases] == [
        (3, "staggered"),
        (3, "lockstep"),
    ]
    for case in result.cases:
        assert case.n == case.calls == ROUNDS * 3, ended.stderr
        assert case.peak_open >= 2
        for error in (case.ttft_error, case.gap_error, case.latency_error):
            assert error.p50_s is not None
            # A machine that does other things disturbs the p99, hardly ever this.
            assert abs(error.p50_s) < 0.010
        # A stamp from before the sending, or a clock of another kind, would show.
        assert case.ttft_error.p50_s is not None
        assert case.ttft_error.p50_s > -0.001
        assert case.request_wait_min_s is not None
        assert 0 < case.request_wait_min_s < 0.010
    assert ended.returncode == (0 if result.passed else 1)
    assert str(result.machine["store"]).startswith(("valkey", "redis"))
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_all_of_it(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [*ARGV, "2"],
        env=surroundings(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert child.stderr is not None
    assert child.stderr.readline() == b"2 at once, staggered\n"
    family = psutil.Process(child.pid).children(recursive=True)
    assert len(family) >= 3, "a store, a simulator, a worker"
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 128 + signal.SIGTERM
    child.stderr.close()
    assert not psutil.wait_procs(family, timeout=30)[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("streams", ["0", "1001", "1,2,3,4,5,6,7", "many", ""])
def test_a_size_that_cannot_be_is_refused(streams: str) -> None:
    ended = subprocess.run([*ARGV, streams], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--streams" in ended.stderr


async def test_a_worker_runs_what_was_asked_for(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    asked = await selftests.ask(redis, (2,))
    assert asked.state is State.QUEUED

    async def ended() -> bool:
        now = await selftests.load(redis, asked.id)
        assert now is not None
        return now.state in (State.DONE, State.FAILED)

    with workers(store_url, "http://127.0.0.1:1/api/v1", tmp_path) as fleet:
        fleet.start()
        await until(ended, "the end of the self-test", deadline_s=100)
        assert fleet.stop() == [0]
    done = await selftests.load(redis, asked.id)
    assert done is not None
    assert done.error is None
    assert done.result is not None
    assert [case.n for case in done.result.cases] == [2 * ROUNDS] * 2


async def test_a_worker_that_is_stopped_says_so_of_its_self_test(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    asked = await selftests.ask(redis)

    async def runs() -> bool:
        now = await selftests.load(redis, asked.id)
        return now is not None and now.state is State.RUNNING

    with workers(store_url, "http://127.0.0.1:1/api/v1", tmp_path) as fleet:
        fleet.start()
        await until(runs, "the start of the self-test")
        assert fleet.stop() == [0]
    failed = await selftests.load(redis, asked.id)
    assert failed is not None
    assert (failed.state, failed.error) == (
        State.FAILED,
        "The worker that ran it was stopped.",
    )


async def test_one_waits_at_most_and_one_worker_gets_it(redis: Redis) -> None:
    first = await selftests.ask(redis, (1,))
    assert await selftests.ask(redis, (50,)) == first
    got = await asyncio.gather(*(selftests.claim(redis, f"w{i}") for i in range(5)))
    (claimed,) = [asked for asked in got if asked is not None]
    assert (claimed.id, claimed.state) == (first.id, State.RUNNING)
    second = await selftests.ask(redis, (50,))
    assert second.id != first.id, "one that runs is not joined: it may have begun badly"


async def test_a_machine_runs_one_self_test_at_a_time(redis: Redis) -> None:
    first = await selftests.ask(redis, (1,))
    claimed = await selftests.claim(redis, "host:1:aa")
    assert claimed is not None
    second = await selftests.ask(redis, (50,))
    assert await selftests.claim(redis, "host:2:bb") is None
    still = await selftests.load(redis, second.id)
    assert still is not None
    assert still.state is State.QUEUED
    # another machine is not disturbed by it
    elsewhere = await selftests.claim(redis, "other:1:cc")
    assert elsewhere is not None
    assert elsewhere.id == second.id
    third = await selftests.ask(redis, (7,))
    await selftests.end(redis, claimed, "It ended.")
    again = await selftests.claim(redis, "host:2:bb")
    assert again is not None
    assert (again.id, first.id) == (third.id, claimed.id)
    lock = "llmbench:selftest:on:host"
    assert 0 < await redis.ttl(lock) <= selftests.RUN_S
    # of a worker that has died its machine is free when it must have ended
    assert await redis.get(lock) == b"host:2:bb"


async def test_a_machine_that_found_none_is_free(redis: Redis) -> None:
    assert await selftests.claim(redis, "host:1:aa") is None
    await redis.set("llmbench:selftest", "FORGOTTEN")
    assert await selftests.claim(redis, "host:1:aa") is None
    await selftests.ask(redis, (1,))
    assert await selftests.claim(redis, "host:2:bb") is not None


async def test_one_that_nobody_takes_or_ends_is_lost_with_a_sentence(
    redis: Redis,
) -> None:
    asked = await selftests.ask(redis)
    key = f"llmbench:selftest:{asked.id}"
    past = {"until": time.time() - 1}
    await redis.set(key, asked.model_copy(update=past).model_dump_json())
    lost = await selftests.load(redis, asked.id)
    assert lost is not None
    assert lost.state is State.FAILED
    assert "No worker was free" in str(lost.error)
    running = {**past, "state": State.RUNNING, "worker": "host:1"}
    await redis.set(key, asked.model_copy(update=running).model_dump_json())
    lost = await selftests.load(redis, asked.id)
    assert lost is not None
    assert "host:1 went silent" in str(lost.error)


async def test_records_expire(redis: Redis) -> None:
    asked = await selftests.ask(redis)
    for key in ("llmbench:selftest", f"llmbench:selftest:{asked.id}"):
        assert 0 < await redis.ttl(key) <= 86_400
