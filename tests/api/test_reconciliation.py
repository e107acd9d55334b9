"""A benchmark's rows beside its bills, as the API shows them; the worker is played."""

from pathlib import Path
from typing import Any

from shared.money.reconciliation import (
    Bill,
    BillReply,
    Reconciliation,
    Row,
    compare,
    totals,
)
from shared.outputs import write_json
from shared.store import keys
from shared.store.run import reconciles
from tests.api.client import Played, problem, submit
from tests.api.server import Api


def published(folder: Path, job_id: str) -> Reconciliation:
    """What a worker leaves: one row found at another cost, one not found."""
    ours = Bill(cost_usd=0.5, provider="Harbor")
    told = (BillReply(200, Bill(cost_usd=0.75)), BillReply(404))
    calls = tuple(
        compare(Row(0, slot, 0, f"gen-{slot}", ours), one)
        for slot, one in enumerate(told)
    )
    made = Reconciliation(
        job_id=job_id,
        upstream="http://127.0.0.1/api/v1",
        ended_at="2026-11-23T08:10:00.000Z",
        notes=("2 of 4 rows were asked for.",),
        totals=totals(calls, rows=4, rows_with_id=4),
        calls=calls,
    )
    (folder / "reconciliation.json").write_bytes(write_json(made))
    return made


def shown(api: Api, job_id: str) -> Any:
    return api.http.get(f"/benchmark/{job_id}").json()["reconciliation"]


async def test_it_is_pending_and_then_its_sums_are_shown(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    path = f"/benchmark/{job_id}/reconciliation.json"
    assert shown(api, job_id) is None
    before = problem(api.http.get(path), "not-ready")
    assert before["job_status"] == "queued"
    await reconciles.ask(worker.redis, job_id, in_s=0, keep_s=600)
    assert shown(api, job_id) is None, "not before the end"
    result = await worker.whole(job_id)
    assert shown(api, job_id) == {
        "state": "pending",
        "ended_at": None,
        "notes": [],
        "totals": None,
    }
    assert "up to ten minutes" in problem(api.http.get(path), "not-ready")["detail"]
    made = published(api.settings.results_dir / job_id, job_id)
    await reconciles.done(worker.redis, job_id, "played")
    found = shown(api, job_id)
    assert found["state"] == "done"
    assert found["ended_at"] == "2026-11-23T08:10:00.000Z"
    assert found["notes"] == ["2 of 4 rows were asked for."]
    assert found["totals"] == made.totals.model_dump()
    assert found["totals"]["theirs_usd"] == 0.75
    assert "calls" not in found, "those are in the file"
    assert api.http.get(f"/benchmark/{job_id}").json()["result"] == result
    answer = api.http.get(path)
    assert answer.content == write_json(made)
    assert answer.headers["content-type"] == "application/json"
    disposition = answer.headers["content-disposition"]
    assert disposition == f'attachment; filename="{job_id}.reconciliation.json"'
    assert api.http.head(path).status_code == 200


async def test_one_that_was_not_asked_for_is_null(api: Api, worker: Played) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    assert shown(api, job_id) is None
    answer = api.http.get(f"/benchmark/{job_id}/reconciliation.json")
    assert "RECONCILE=true" in problem(answer, "not-ready")["detail"]


async def test_it_is_shown_after_the_store_forgot_the_run(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    published(api.settings.results_dir / job_id, job_id)
    await worker.redis.delete(*keys.all_of(job_id, 1))
    assert shown(api, job_id)["totals"]["not_found"] == 1
    path = f"/benchmark/{job_id}/reconciliation.json"
    assert api.http.get(path).status_code == 200


def test_an_unknown_benchmark_has_none(api: Api) -> None:
    path = "/benchmark/01ARZ3NDEKTSV4RRFFQ69G5FAV/reconciliation.json"
    problem(api.http.get(path), "no-such-run")
