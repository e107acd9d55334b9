"""Results that are damaged, gone or out of reach: in words, and beside the others."""

import json
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from shared.run import new_job_id
from shared.store import keys
from tests.api.client import Played, problem, submit
from tests.api.server import Api


def forgotten(results_dir: Path, at_s: float, run: str = "{}") -> str:
    """A run that only the results folder knows; its id."""
    job_id = new_job_id(at_s)
    folder = results_dir / job_id
    folder.mkdir(parents=True)
    plan = {
        "targets": [{"model": "a/b"}],
        "prompts": {"prompts": ["Why?"]},
        "runs": 1,
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "run.json").write_text(run)
    (folder / "samples.csv").write_text("slot\n")
    (folder / "responses.jsonl").write_text("")
    (folder / "summary.json").write_text("{}")
    return job_id


def listed(api: Api, limit: int = 100) -> list[str]:
    """The ids in the list, page by page."""
    found: list[str] = []
    path = f"/benchmark?limit={limit}"
    while path:
        answer = api.http.get(path)
        assert answer.status_code == 200, answer.text
        found += [job["job_id"] for job in answer.json()["jobs"]]
        path = answer.json()["next"]
    return found


BAD = {
    "a later schema": '{"schema": 99}',
    "cut short": '{"schema": 1, "clo',
    "strange values": '{"status": "asleep", "closed": "many"}',
}


@pytest.mark.parametrize("name", BAD)
def test_a_run_that_cannot_be_read_hides_no_other_of_the_list(
    api: Api, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = api.settings.results_dir
    older, bad, newer = (
        forgotten(folder, 1000.0 + i, run)
        for i, run in enumerate(("{}", BAD[name], "{}"))
    )
    for limit in (100, 1):
        found = listed(api, limit)
        assert found.index(newer) < found.index(older)
        assert bad not in found
    assert caplog.text.count(f"benchmark {bad} is left out") == 1
    answer = api.http.get(f"/benchmark/{bad}")
    kind = "newer-record" if name == "a later schema" else "unreadable"
    assert "run.json" in problem(answer, kind)["detail"]


async def test_a_record_in_the_store_that_is_none_hides_no_other(
    api: Api, redis: Redis
) -> None:
    broken, good = submit(api.http), submit(api.http)
    await redis.hdel(keys.run(broken), "status")
    assert good in listed(api)
    assert broken not in listed(api)
    problem(api.http.get(f"/benchmark/{broken}"), "unreadable")
    await redis.delete(keys.run(broken))


FILES = ("samples.csv", "responses.jsonl", "summary.json", "plan.json")


@pytest.mark.parametrize("name", FILES)
async def test_a_file_of_which_nothing_can_be_read_is_a_503_in_words(
    api: Api, worker: Played, name: str
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    path = api.settings.results_dir / job_id / name
    path.unlink()
    path.symlink_to("/proc/self/mem")  # it can be opened, and every read fails
    for query in ("", *(["?excel=1"] if name == "samples.csv" else [])):
        answer = api.http.get(f"/benchmark/{job_id}/{name}{query}")
        assert name in problem(answer, "unreadable")["detail"]
    assert api.http.get(f"/benchmark/{job_id}").status_code == 200, "the store has it"
    path.unlink()


async def test_a_folder_that_vanished_is_a_409_in_words(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    folder = api.settings.results_dir / job_id
    folder.rename(folder.with_name("elsewhere"))
    for name in ("samples.csv", "responses.jsonl", "summary.json"):
        answer = api.http.get(f"/benchmark/{job_id}/{name}")
        assert "not in this server's" in problem(answer, "not-ready")["detail"]
    folder.with_name("elsewhere").rename(folder)


async def test_a_file_that_its_worker_could_not_write_is_said(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    (api.settings.results_dir / job_id / "samples.parquet").unlink(missing_ok=True)
    answer = api.http.get(f"/benchmark/{job_id}/samples.parquet")
    assert "ended without" in problem(answer, "not-ready")["detail"]
    assert api.http.get(f"/benchmark/{job_id}/samples.csv").status_code == 200


async def test_bills_that_cannot_be_read_hide_no_benchmark(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    (api.settings.results_dir / job_id / "reconciliation.json").write_text("{")
    answer = api.http.get(f"/benchmark/{job_id}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["reconciliation"] is None


def test_an_error_of_the_results_folder_is_not_told_as_one_of_the_store(
    api: Api,
) -> None:
    job_id = forgotten(api.settings.results_dir, 2000.0)
    place = api.settings.results_dir / job_id
    (place / "summary.json").unlink()
    (place / "summary.json").symlink_to("/proc/self/mem")
    answer: httpx.Response = api.http.get(f"/benchmark/{job_id}")
    assert "summary.json" in problem(answer, "unreadable")["detail"]
    (place / "summary.json").unlink()
