"""A benchmark of which every trace is deleted; the worker is played."""

import os
from pathlib import Path

import pytest

from shared.run import Ending
from shared.store.run import states
from tests.api.client import Played, job_ids, plan, problem, submit
from tests.api.routes.test_benchmarks import UNKNOWN, forget
from tests.api.server import Api, Start


def purge(api: Api, job_id: str) -> int:
    return api.http.delete(f"/benchmark/{job_id}?purge=true").status_code


async def test_nothing_is_left_of_a_purged_benchmark(
    api: Api, start: Start, worker: Played, tmp_path: Path
) -> None:
    api = start(spool_dir=tmp_path)
    lost = tmp_path / "lost" / "x.0.0.1.rows"
    lost.parent.mkdir()
    lost.write_text("another's")
    key = {"Idempotency-Key": "purged"}
    job_id = api.http.post("/benchmark", json=plan(), headers=key).json()["job_id"]
    await worker.whole(job_id)
    rows = lost.with_name(f"{job_id}.0.0.1.rows")
    rows.write_text("its own")
    folder = api.settings.results_dir / job_id
    assert folder.is_dir()
    answer = api.http.delete(f"/benchmark/{job_id}?purge=true")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not folder.exists()
    assert (rows.exists(), lost.exists()) == (False, True)
    assert job_id not in job_ids(api.http)
    for path in ("", "/plan.json", "/summary.json"):
        problem(api.http.get(f"/benchmark/{job_id}{path}"), "no-such-run")
    again = api.http.delete(f"/benchmark/{job_id}?purge=true")
    problem(again, "no-such-run")
    # the same request is a new one now
    new = api.http.post("/benchmark", json=plan(), headers=key)
    assert (new.status_code, new.json()["job_id"] != job_id) == (202, True)


async def test_one_that_has_not_ended_is_cancelled_first(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    for _ in range(2):
        body = problem(
            api.http.delete(f"/benchmark/{job_id}?purge=true"), "wrong-state"
        )
        assert "Cancel it first" in body["detail"]
        await states.end(worker.redis, job_id, Ending.CANCELLED)
    await worker.reduce(job_id)
    assert purge(api, job_id) == 204


async def test_what_the_store_forgot_is_purged_from_the_folder(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    await forget(worker, job_id)
    assert purge(api, job_id) == 204
    assert not (api.settings.results_dir / job_id).exists()
    problem(api.http.delete(f"/benchmark/{UNKNOWN}?purge=true"), "no-such-run")


async def test_what_cannot_be_deleted_leaves_the_record_to_ask_again(
    api: Api, worker: Played, tmp_path: Path
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    folder = api.settings.results_dir / job_id
    folder.rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", folder)  # links are left alone
    body = problem(api.http.delete(f"/benchmark/{job_id}?purge=true"), "unwritable")
    assert "Mend its disk" in body["detail"]
    assert api.http.get(f"/benchmark/{job_id}").status_code == 200
    folder.unlink()
    assert purge(api, job_id) == 204


@pytest.mark.parametrize("value", ["maybe", ""])
def test_another_word_than_true_is_refused(api: Api, value: str) -> None:
    job_id = submit(api.http)
    problem(api.http.delete(f"/benchmark/{job_id}?purge={value}"), "invalid")
    assert api.http.get(f"/benchmark/{job_id}").json()["status"] == "queued"
