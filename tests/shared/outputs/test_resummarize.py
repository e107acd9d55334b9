"""A run that has ended is summarised again from its rows; the old bytes are kept."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.analysis.columns import columns_of
from shared.analysis.summarize import summarize
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.outputs import write_csv
from shared.outputs.json import write_json
from shared.outputs.resummarize import Resummarized, resummarize
from shared.outputs.rows import read_rows
from shared.plan import Plan
from shared.process import version
from shared.run import Ending
from shared.sample import Kind, Outcome, Sample
from shared.verdict import Observations, judge
from tests.house import ROOT
from tests.kept import FAST, SLOW, plan_of, rows_of

JOB = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
EXAMPLE = ROOT / "results" / "examples" / "three-simulated-models"
PLAN = plan_of(FAST, SLOW, retries={"max": 2, "on": ["upstream_error"]})


def rows() -> Iterator[Sample]:
    """Every seventh slot failed twice and was tried again, with a limit between; each
    eleventh came to nothing; texts have what a spreadsheet would take for a formula."""
    for exact in rows_of(PLAN, {FAST: 0.5, SLOW: 1.0}):
        row = _to_nanoseconds(exact)
        if row.slot % 7:
            failed = row.slot % 11 == 0
            yield replace(
                row,
                outcome=Outcome.TRUNCATED if failed else Outcome.OK,
                kind="failed" if failed else "ok",
                error="=1+1" if failed else None,
                reused=row.slot % 2 == 0,
                started_at=1_795_840_186.25 + row.slot,
                notes="one_burst" if row.slot % 5 == 0 else None,
                provider="'quoted" if row.slot % 3 else None,
                gaps=((12, 3), (14, 1)),
                gap_sum_s=0.2,
                gap_max_s=0.08,
                cache_hit=row.slot % 13 == 0,
            )
            continue
        kinds: tuple[Kind, ...] = ("retry", "again", "retry", "ok")
        for attempt, kind in enumerate(kinds):
            yield replace(
                row,
                attempt=attempt,
                kind=kind,
                retry=(0, 1, 1, 2)[attempt],
                outcome=Outcome.OK if kind == "ok" else Outcome.UPSTREAM_ERROR,
                status=200 if kind == "ok" else 503,
            )


def _to_nanoseconds(row: Sample) -> Sample:
    """As the file has it."""
    names = ("first_token_s", "last_token_s", "ended_s")
    return replace(row, **{name: round(getattr(row, name), 9) for name in names})


def kept(folder: Path, plan: Plan = PLAN, text: bytes | None = None) -> Path:
    """The folder of a run as this version's reduce would leave it."""
    place = folder / JOB
    place.mkdir()
    (place / "plan.json").write_bytes(write_json(plan))
    (place / "run.json").write_text('{"ending": "completed", "status": "done"}')
    columns = columns_of(plan, rows())
    written = text or b"".join(write_csv(plan, columns))
    (place / "samples.csv").write_bytes(written)
    figures = summarize(plan, columns, ending=Ending.COMPLETED)
    seen = Observations(hosts=("a",), versions=("0.0.1",), loop_lag_p99_s=0.001)
    made = judge(plan, figures, seen).model_copy(update={"summarized_by": version()})
    (place / "summary.json").write_bytes(write_json(made))
    return place


def test_rows_come_back_from_the_file_as_they_were(tmp_path: Path) -> None:
    place = kept(tmp_path)
    unkept = {"gaps": (), "gap_sum_s": None, "cache_hit": None}
    found = [*read_rows(PLAN, place / "samples.csv")]
    assert found == [replace(row, **unkept) for row in sorted(rows(), key=_place)]  # type: ignore[arg-type]


def _place(row: Sample) -> tuple[int, int, int]:
    return row.step, row.slot, row.attempt


def test_the_same_version_comes_to_the_same_and_writes_nothing(tmp_path: Path) -> None:
    place = kept(tmp_path)
    before = (place / "summary.json").read_bytes()
    said = resummarize(tmp_path, JOB)
    assert (said.changes, said.kept_as, said.changed) == ((), None, 0)
    assert (place / "summary.json").read_bytes() == before
    assert not (place / "summary.1.json").exists()
    assert said.before == said.after == version()


def test_a_run_of_an_earlier_build_differs_in_what_that_did_not_know(
    tmp_path: Path,
) -> None:
    place = tmp_path / JOB
    shutil.copytree(EXAMPLE, place)
    before = place / "summary.json"
    old, at_ns = before.read_bytes(), before.stat().st_mtime_ns
    said = resummarize(tmp_path, JOB)
    # it knew nothing of these; all that it knew comes out the same
    assert all(one.before is None for one in said.changes)
    told = {one.what.rpartition(".")[2] for one in said.changes}
    assert {"rows_unaccounted", "summarized_by"} <= told
    assert (said.before, said.verdicts) == (None, ("valid", "valid"))
    assert (place / "summary.1.json").read_bytes() == old
    assert (place / "summary.json").stat().st_mtime_ns == at_ns
    new = json.loads((place / "summary.json").read_bytes())
    assert new["summarized_by"] == version()
    assert new["gap"] == json.loads(old)["gap"]


def changed(folder: Path, **fields: object) -> Resummarized:
    """Summarised again after somebody has changed the old summary."""
    path = folder / JOB / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    return resummarize(folder, JOB)


def test_each_old_summary_is_kept_under_the_next_number(tmp_path: Path) -> None:
    place = kept(tmp_path)
    first = changed(tmp_path, avg=1.0)
    (one,) = first.changes
    assert (one.what, one.before, first.kept_as) == ("avg", 1.0, "summary.1.json")
    assert changed(tmp_path, avg=2.0).kept_as == "summary.2.json"
    olds = [json.loads((place / f"summary.{n}.json").read_text()) for n in (1, 2)]
    assert [old["avg"] for old in olds] == [1.0, 2.0]


def test_a_summary_without_gaps_leaves_them_unknown(tmp_path: Path) -> None:
    kept(tmp_path)
    said = changed(tmp_path, gap=None, observations=None, targets=[], steps=[])
    made = json.loads((tmp_path / JOB / "summary.json").read_bytes())
    assert (made["gap"]["n"], made["gap"]["mean"]) == (0, None)
    changes = {one.what: (one.before, one.after) for one in said.changes}
    assert changes["targets"] == ("0 entries", "2 entries")
    assert changes["observations"][0] is None


def without(text: bytes, *names: str) -> bytes:
    """The table without some columns, as an earlier build wrote it."""
    rows = [*csv.DictReader(io.StringIO(text.decode()))]
    out = io.StringIO()
    head = [name for name in rows[0] if name not in names]
    table = csv.DictWriter(out, head, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode()


def test_rows_of_an_older_schema_are_readable(tmp_path: Path) -> None:
    whole = b"".join(write_csv(PLAN, columns_of(PLAN, rows())))
    kept(tmp_path, text=without(whole, "upstream", "kind", "notes", "end_slack_s"))
    made = resummarize(tmp_path, JOB)
    new = json.loads((tmp_path / JOB / "summary.json").read_bytes())
    assert new["upstreams"] == {}
    assert made.kept_as == "summary.1.json"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"slot,step\n0,0\n", "samples.csv"),
        (b"step,slot,attempt,target,prompt_index,outcome\n0,0\n", "samples.csv"),
        (b"step,slot,attempt,target,prompt_index,outcome\n0,0,0,x/y,0,ok\n", "samples"),
    ],
)
def test_a_file_that_is_none_of_ours_changes_nothing(
    tmp_path: Path, text: bytes, said: str
) -> None:
    place = kept(tmp_path, text=text)
    before = (place / "summary.json").read_bytes()
    with pytest.raises(Unreadable, match=said):
        resummarize(tmp_path, JOB)
    assert (place / "summary.json").read_bytes() == before


def test_a_run_without_rows_and_one_that_is_not_there(tmp_path: Path) -> None:
    place = kept(tmp_path, text=b"".join(write_csv(PLAN, None)))
    assert resummarize(tmp_path, JOB).verdicts[1] == "invalid"
    assert json.loads((place / "summary.json").read_bytes())["total_runs"] == 0
    (place / "run.json").write_text('{"schema": 99}')
    with pytest.raises(NewerRecord):
        resummarize(tmp_path, JOB)
    with pytest.raises(NoSuchRun):
        resummarize(tmp_path / "none", JOB)
