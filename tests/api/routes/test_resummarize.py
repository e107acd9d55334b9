"""POST /benchmark/{id}/resummarize: in the files, and in the store if it remembers."""

from shared.analysis.columns import columns_of
from shared.outputs import write_csv
from shared.process import version
from shared.run import new_job_id
from tests.api.client import Played, problem, submit
from tests.api.server import Api
from tests.kept import FAST, keep, plan_of, rows_of

PLAN = plan_of(FAST)


def test_a_run_that_only_its_folder_knows(api: Api) -> None:
    job_id = keep(api.settings.results_dir, PLAN, rows_of(PLAN, {FAST: 0.5}))
    answer = api.http.post(f"/benchmark/{job_id[:24]}/resummarize", timeout=60)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["job_id"], said["before"], said["after"]) == (job_id, None, version())
    assert said["kept_as"] == "summary.1.json"
    result = api.http.get(f"/benchmark/{job_id}").json()["result"]
    assert (result["total_runs"], result["summarized_by"]) == (16, version())


async def test_the_store_tells_the_new_summary_too(api: Api, worker: Played) -> None:
    asked = PLAN.model_dump(mode="json", exclude_defaults=True)
    job_id = str(api.http.post("/benchmark", json=asked).json()["job_id"])
    await worker.whole(job_id)
    assert api.http.get(f"/benchmark/{job_id}").json()["result"]["avg"] == 1.5
    path = api.settings.results_dir / job_id / "samples.csv"
    columns = columns_of(PLAN, rows_of(PLAN, {FAST: 0.5}))
    path.write_bytes(b"".join(write_csv(PLAN, columns)))
    answer = api.http.post(f"/benchmark/{job_id}/resummarize", timeout=60)
    assert answer.status_code == 200, answer.text
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert (job["status"], job["result"]["total_runs"]) == ("done", 16)


async def test_what_cannot_be_summarised_again_is_said(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    url = f"/benchmark/{job_id}/resummarize"
    problem(api.http.post(url), "not-ready")
    await worker.whole(job_id)  # its samples.csv is a played one
    problem(api.http.post(url, timeout=60), "unreadable")
    gone = f"/benchmark/{new_job_id(2000.0)}/resummarize"
    problem(api.http.post(gone), "no-such-run")
