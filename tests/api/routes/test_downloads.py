"""The files of a benchmark."""

import csv
import json
from io import StringIO

import pytest
from fastapi import FastAPI

from api.routes.downloads import routes_of
from shared.outputs import OUTPUTS, Output
from shared.run import Ending
from tests.api.client import Played, plan, problem, submit
from tests.api.server import Api

FILES = ["samples.csv", "responses.jsonl", "summary.json"]


@pytest.mark.parametrize("name", FILES)
async def test_before_the_end_it_is_a_409_with_the_state(
    api: Api, worker: Played, name: str
) -> None:
    job_id = submit(api.http)
    answer = api.http.get(f"/benchmark/{job_id}/{name}")
    assert answer.status_code == 409
    assert problem(answer, "not-ready")["job_status"] == "queued"
    await worker.claim(job_id)
    answer = api.http.get(f"/benchmark/{job_id}/{name}")
    assert problem(answer, "not-ready")["job_status"] == "running"


async def test_files_are_there_all_together(api: Api, worker: Played) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    folder = api.settings.results_dir / job_id
    folder.mkdir()
    (folder / "samples.csv").write_text("slot\n")  # the reduce is under way
    answer = api.http.get(f"/benchmark/{job_id}/samples.csv")
    assert problem(answer, "not-ready")["job_status"] == "running"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("samples.csv", "text/csv; charset=utf-8"),
        ("responses.jsonl", "application/jsonl"),
        ("summary.json", "application/json"),
        ("plan.json", "application/json"),
    ],
)
async def test_after_the_end_it_is_an_attachment(
    api: Api, worker: Played, name: str, media_type: str
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    path = f"/benchmark/{job_id}/{name}"
    content = (api.settings.results_dir / job_id / name).read_bytes()
    answer = api.http.get(path)
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == media_type
    disposition = answer.headers["content-disposition"]
    assert disposition == f'attachment; filename="{job_id}.{name}"'
    head = api.http.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(content))
    part = api.http.get(path, headers={"Range": "bytes=2-5"})
    assert part.status_code == 206
    assert part.content == content[2:6]
    assert api.http.get(path, headers={"Range": "bytes=999999-"}).status_code == 416


async def test_excel_gets_a_mark_and_semicolons_and_the_same_cells(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    answer = api.http.get(f"/benchmark/{job_id}/samples.csv?excel=1")
    assert answer.content.startswith(b"\xef\xbb\xbfslot;model;error\n")
    plain = api.http.get(f"/benchmark/{job_id}/samples.csv").text
    text = answer.content.decode("utf-8-sig")
    cells = list(csv.reader(StringIO(text), delimiter=";"))
    assert cells == list(csv.reader(StringIO(plain)))
    assert cells[1] == ["0", "a/b", "no; '=1"]


def test_the_plan_is_there_from_the_beginning(api: Api) -> None:
    job_id = submit(api.http)
    found = api.http.get(f"/benchmark/{job_id}/plan.json")
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.json()["prompts"]["prompts"] == plan()["prompts"]["prompts"]


async def test_files_that_another_machine_wrote_are_named(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    await worker.reduce(job_id, Ending.CANCELLED)
    folder = api.settings.results_dir / job_id
    for file in folder.iterdir():
        file.unlink()
    answer = api.http.get(f"/benchmark/{job_id}/samples.csv")
    assert "RESULTS_DIR" in problem(answer, "not-ready")["detail"]
    shown = api.http.get(f"/benchmark/{job_id}").json()
    assert json.dumps(shown["result"])


RANGES = [  # of a file of 45 bytes
    ("bytes=0-0", 206, slice(0, 1)),
    ("bytes=40-", 206, slice(40, 45)),
    ("bytes=40-9999", 206, slice(40, 45)),
    ("bytes=-5", 206, slice(40, 45)),
    ("bytes=-9999", 206, slice(0, 45)),
    ("BYTES = 1-2", 206, slice(1, 3)),
    ("bytes=1-2, 99-", 206, slice(1, 3)),  # one of them is there
    ("bytes=45-", 416, None),
    ("bytes=99-100,200-", 416, None),
    ("bytes=-0", 416, None),
    ("lines=1-2", 200, slice(0, 45)),  # what is no range of bytes is ignored
    ("bytes", 200, slice(0, 45)),
    ("bytes=", 200, slice(0, 45)),
    ("bytes=-", 200, slice(0, 45)),
    ("bytes=5-2", 200, slice(0, 45)),
    ("bytes=a-b", 200, slice(0, 45)),
    ("bytes=1_0-20", 200, slice(0, 45)),
    ("bytes=" + "9" * 5000 + "-", 200, slice(0, 45)),
    ("bytes=" + ",".join(["0-"] * 2000), 200, slice(0, 45)),  # too many to be meant
]


@pytest.fixture
async def ended(api: Api, worker: Played) -> str:
    """The address of a benchmark whose samples.csv has 45 bytes."""
    job_id = submit(api.http)
    await worker.whole(job_id)
    path = api.settings.results_dir / job_id / "samples.csv"
    path.write_bytes(bytes(range(48, 93)))
    return f"/benchmark/{job_id}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_range_is_served_refused_or_ignored(
    api: Api, ended: str, method: str
) -> None:
    whole = bytes(range(48, 93))
    for asked, status, part in RANGES:
        headers = {"Range": asked}
        path = f"{ended}/samples.csv"
        answer = api.http.request(method, path, headers=headers)
        assert answer.status_code == status, asked
        if part is None:
            assert answer.headers["content-range"] == "bytes */45"
            assert answer.headers["content-type"] == "application/problem+json"
            if method == "GET":
                problem(answer, "no-such-range")
            continue
        assert answer.headers["content-length"] == str(len(whole[part])), asked
        assert answer.content == (whole[part] if method == "GET" else b""), asked


async def test_a_range_of_another_file_is_no_range(api: Api, ended: str) -> None:
    for asked in ("bytes=1-2", "bytes=99-"):
        headers = {"Range": asked, "If-Range": '"another"'}
        answer = api.http.get(f"{ended}/samples.csv", headers=headers)
        assert (answer.status_code, len(answer.content)) == (200, 45)


async def test_a_head_has_the_headers_of_its_get(api: Api, ended: str) -> None:
    for name in (*FILES, "plan.json", "samples.csv?excel=1"):
        head = api.http.head(f"{ended}/{name}")
        get = api.http.get(f"{ended}/{name}")
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        for header in ("content-type", "content-length", "content-disposition", "etag"):
            assert head.headers.get(header) == get.headers.get(header), (name, header)


@pytest.mark.parametrize(("media_type", "asks"), [("text/csv", 1), ("text/plain", 0)])
def test_another_output_is_served_by_its_entry_in_the_table(
    media_type: str, asks: int
) -> None:
    notes = Output(
        write=lambda run: [], media_type=media_type, title="Notes", about="All of them."
    )
    app = FastAPI()
    app.include_router(routes_of({**OUTPUTS, "notes.new": notes}))
    shown = app.openapi()["paths"]["/benchmark/{job_id}/notes.new"]["get"]
    assert (shown["summary"], shown["description"]) == ("Notes", "All of them.")
    assert list(shown["responses"]["200"]["content"]) == [media_type]
    queries = [each for each in shown["parameters"] if each["in"] == "query"]
    assert len(queries) == asks  # a table can be had as Excel likes it
