"""Old results are deleted, and nothing else is."""

import os
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.baselines import Baseline, keep
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.run import new_job_id
from shared.settings.settings import Settings
from shared.store import baselines as stored
from shared.store.run import runs
from worker.ended.retention import keep_to_limits, sweep

DAY_S = 86_400
PLAN = Plan(
    targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("p",)), runs=1
)


def results(root: Path, days_old: float, kib: int = 1, name: str = "") -> str:
    """A folder as a reduce leaves it; its id."""
    at_s = time.time() - days_old * DAY_S
    job_id = name or new_job_id(at_s)
    folder = root / job_id
    folder.mkdir(parents=True)
    (folder / "samples.csv").write_bytes(b"x" * (kib * 1024 - 1))
    (folder / "summary.json").write_bytes(b"1")
    for path in (*folder.iterdir(), folder):
        os.utime(path, (at_s, at_s))
    return job_id


def limits(root: Path, **given: float) -> Settings:
    return Settings(results_dir=root, **given)  # type: ignore[arg-type]


def test_folders_over_the_age_are_deleted_and_examples_are_not(tmp_path: Path) -> None:
    old, new = results(tmp_path, 31), results(tmp_path, 29)
    results(tmp_path, 400, name="examples")
    (tmp_path / "notes.txt").write_text("mine")
    assert sweep(limits(tmp_path, results_keep_days=30), ()) == [old]
    assert sorted(os.listdir(tmp_path)) == sorted([new, "examples", "notes.txt"])


def test_the_oldest_go_until_the_rest_fits(tmp_path: Path) -> None:
    ids = [results(tmp_path, days, kib=100) for days in (5, 4, 3, 2, 1)]
    # 500 KiB, of which 250 may stay: two folders
    most = limits(tmp_path, results_max_gib=250 / 2**20)
    assert sweep(most, ()) == ids[:3]
    assert sweep(most, ()) == []


def test_an_open_run_is_spared_although_its_bytes_count(tmp_path: Path) -> None:
    oldest, newer = results(tmp_path, 9, kib=100), results(tmp_path, 1, kib=100)
    most = limits(tmp_path, results_max_gib=150 / 2**20, results_keep_days=5)
    assert sweep(most, {oldest}) == [newer]
    assert os.listdir(tmp_path) == [oldest]


def test_without_limits_and_without_a_folder_nothing_happens(tmp_path: Path) -> None:
    results(tmp_path, 4000)
    assert sweep(limits(tmp_path), ()) == []
    assert sweep(limits(tmp_path / "none", results_keep_days=1), ()) == []


async def test_one_worker_an_hour_sweeps_and_spares_what_is_open(
    redis: Redis, tmp_path: Path
) -> None:
    run = await runs.create(redis, PLAN)
    results(tmp_path, 9, name=run.job_id)
    old = results(tmp_path, 9)
    settings = limits(tmp_path, results_keep_days=5)
    await keep_to_limits(redis, settings)
    assert os.listdir(tmp_path) == [run.job_id]
    again = results(tmp_path, 9)
    await keep_to_limits(redis, settings)
    assert again != old
    assert (tmp_path / again).exists(), "it was swept within the hour"
    assert 0 < await redis.ttl("llmbench:retention") <= 3600


def stuck(root: Path, days_old: float) -> str:
    """A folder that cannot be deleted, whoever tries; its id."""
    job_id = results(root, days_old, kib=100)
    (root / job_id / "summary.json").unlink()
    (root / job_id / "summary.json").mkdir()  # no unlink takes that
    at_s = time.time() - days_old * DAY_S
    for path in (*(root / job_id).iterdir(), root / job_id):
        os.utime(path, (at_s, at_s))
    return job_id


def test_what_cannot_be_deleted_is_said_and_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "results"
    stuck(root, 40)
    old, linked = results(root, 39), results(root, 38)
    (root / linked).rename(tmp_path / "elsewhere")
    (root / linked).symlink_to(tmp_path / "elsewhere")
    (root / new_job_id(1.0)).symlink_to(tmp_path / "nowhere")  # vanishes meanwhile
    assert sweep(limits(root, results_keep_days=30), ()) == [old]
    assert caplog.text.count("cannot be deleted") == 1
    assert caplog.text.count("left alone") == 1
    assert (tmp_path / "elsewhere" / "summary.json").is_file()


def test_what_stays_counts_until_it_is_gone(tmp_path: Path) -> None:
    stuck(tmp_path, 3)
    next_, newest = results(tmp_path, 2, kib=100), results(tmp_path, 1, kib=100)
    # 300 KiB, of which 250 may stay: the first cannot go, so the second does
    assert sweep(limits(tmp_path, results_max_gib=250 / 2**20), ()) == [next_]
    assert newest in os.listdir(tmp_path)


async def test_a_baseline_is_spared_whether_the_store_or_the_folder_knows_its_name(
    redis: Redis, tmp_path: Path
) -> None:
    in_store, in_folder, old = (results(tmp_path, days) for days in (9, 8, 7))
    await stored.put(redis, Baseline(name="a", job_id=in_store, set_at=1.0))
    keep(tmp_path, Baseline(name="b", job_id=in_folder, set_at=1.0))
    await keep_to_limits(redis, limits(tmp_path, results_keep_days=5))
    assert sorted(os.listdir(tmp_path)) == sorted([in_store, in_folder, "baselines"])
    assert not (tmp_path / old).exists()
    await stored.remove(redis, "a")
