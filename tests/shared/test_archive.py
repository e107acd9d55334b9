"""Ended runs in the results folder."""

import json
from pathlib import Path

import pytest

from shared import archive
from shared.about import About
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.run import Ending, Run, Status, created_at, new_job_id

RUN = Run(
    job_id=new_job_id(1795420801.25),
    status=Status.REDUCING,
    submitter="ada",
    targets=("a/b", "c/d@e"),
    created_at=1795420801.25,
    started_at=1795420802.5,
    closed=4,
    failed=1,
    total=4,
    ending=Ending.BAD_KEY,
    error="The key was refused.",
    listed=({"slug": "harbor", "target": None},),
    warnings=("No worker was alive.",),
)


def published(folder: Path, run: Run = RUN) -> Path:
    """A folder as the reduce leaves it."""
    place = folder / run.job_id
    place.mkdir()
    (place / "run.json").write_bytes(archive.record(run))
    (place / "summary.json").write_text('{"avg": 1.5}')
    return place


def test_a_record_reads_back_as_the_ended_run(tmp_path: Path) -> None:
    published(tmp_path)
    found = archive.load(tmp_path, RUN.job_id)
    assert found.status is Status.FAILED
    assert found.ending is Ending.BAD_KEY
    assert found.ended_at is not None
    for name in ("targets", "created_at", "started_at", "closed", "failed", "total"):
        assert getattr(found, name) == getattr(RUN, name), name
    assert found.error == RUN.error
    assert found.warnings == RUN.warnings
    assert found.listed == RUN.listed
    assert archive.result_of(tmp_path, RUN.job_id) == {"avg": 1.5}


def test_the_same_run_gives_the_same_bytes() -> None:
    assert archive.record(RUN) == archive.record(RUN)


def test_a_folder_without_a_record_is_a_run_that_is_done(tmp_path: Path) -> None:
    (published(tmp_path) / "run.json").unlink()
    found = archive.load(tmp_path, RUN.job_id)
    assert found.status is Status.DONE
    assert found.created_at == created_at(RUN.job_id)
    assert found.total is None


def test_what_is_said_of_a_run_is_changed_and_nothing_beside_it(tmp_path: Path) -> None:
    place = published(tmp_path)
    before = json.loads((place / "run.json").read_bytes())
    about = About(name="a", tags=("b",), note="c")
    archive.describe(tmp_path, RUN.job_id, about)
    assert archive.load(tmp_path, RUN.job_id).about == about
    after = json.loads((place / "run.json").read_bytes())
    assert after == {**before, "about": about.model_dump(mode="json")}
    assert {file.name for file in place.iterdir()} == {"run.json", "summary.json"}
    # also of one that was kept before there was a record
    (place / "run.json").unlink()
    archive.describe(tmp_path, RUN.job_id, about)
    assert archive.load(tmp_path, RUN.job_id).about == about
    (place / "summary.json").unlink()
    with pytest.raises(NoSuchRun):
        archive.describe(tmp_path, RUN.job_id, About())


def test_before_its_summary_there_is_no_run(tmp_path: Path) -> None:
    (published(tmp_path) / "summary.json").unlink()
    for read in (archive.load, archive.result_of, archive.plan_of):
        with pytest.raises(NoSuchRun, match=RUN.job_id):
            read(tmp_path, RUN.job_id)


def test_a_record_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = published(tmp_path) / "run.json"
    path.write_text(json.dumps({"schema": 2}))
    with pytest.raises(NewerRecord, match="schema 2"):
        archive.load(tmp_path, RUN.job_id)


def test_ids_are_newest_first_and_nothing_else_is_one(tmp_path: Path) -> None:
    made = [new_job_id(1_795_420_801 + n) for n in range(3)]
    for name in (*made, "notes", "examples", made[0].lower()):
        (tmp_path / name).mkdir()
    assert archive.ids(tmp_path) == made[::-1]
    assert archive.ids(tmp_path, made[2]) == [made[1], made[0]]
    assert archive.ids(tmp_path / "absent") == []


def test_an_id_tells_when_its_run_was_made() -> None:
    assert created_at(new_job_id(1795420801.25)) == 1795420801.25


def test_ids_of_one_millisecond_sort_as_they_were_made() -> None:
    ids = [new_job_id(1795420801.25) for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {created_at(made) for made in ids} == {1795420801.25}


BAD_RECORDS = {
    "cut short": b'{"schema": 1, "job_id',
    "no object": b"[1]",
    "a state that is none": b'{"status": "asleep"}',
    "an ending that is none": b'{"ending": "tired"}',
    "no number": b'{"closed": "many"}',
    "not text": b"\xff\xfe",
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_a_record_that_is_damaged_is_said_in_words(tmp_path: Path, name: str) -> None:
    (published(tmp_path) / "run.json").write_bytes(BAD_RECORDS[name])
    with pytest.raises(Unreadable, match=rf"run\.json of benchmark {RUN.job_id}"):
        archive.load(tmp_path, RUN.job_id)


def test_a_disk_that_gives_nothing_is_said_in_words(tmp_path: Path) -> None:
    place = published(tmp_path)
    for name, read in {
        "run.json": archive.load,
        "plan.json": archive.plan_of,
        "summary.json": archive.result_of,
        "reconciliation.json": archive.reconciliation_of,
    }.items():
        (place / name).unlink(missing_ok=True)
        # it can be opened, and every read fails
        (place / name).symlink_to("/proc/self/mem")
        with pytest.raises(Unreadable, match=r"Input/output error") as raised:
            read(tmp_path, RUN.job_id)
        assert name in str(raised.value)
        (place / name).unlink()
        (place / "summary.json").write_text("{}")


def test_a_plan_or_a_summary_that_is_damaged_is_said_in_words(tmp_path: Path) -> None:
    place = published(tmp_path)
    (place / "plan.json").write_text('{"targets": []}')
    (place / "summary.json").write_text("[]")
    (place / "reconciliation.json").write_text("{}")
    for read in (archive.plan_of, archive.result_of, archive.reconciliation_of):
        with pytest.raises(Unreadable):
            read(tmp_path, RUN.job_id)


def test_a_results_folder_that_cannot_be_seen_has_no_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    for _ in range(2):
        assert archive.ids(tmp_path / "results") == []
    assert caplog.text.count("cannot be seen") == 1
