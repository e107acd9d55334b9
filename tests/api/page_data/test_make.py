"""Page data: its numbers are the summary's, and those of a part are of its calls."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.page_data import PageData, binned, index
from api.page_data.failures import MOST_GROUPS, OTHER, failure_groups
from api.page_data.kept import FILE, read, stamps
from api.page_data.make import page_data
from shared.outputs.arrays import CallRows, read_rows
from shared.sample import Outcome, Sample
from tests import made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


PLAN = made.plan_of(made.SWIFT, made.LARK, made.SAGE, made.ORCA)


@pytest.fixture(scope="module")
def four(folder: Path) -> str:
    return made.keep(folder, PLAN)


@pytest.fixture(scope="module")
def data(folder: Path, four: str) -> PageData:
    return page_data(folder, four)


def summary_of(folder: Path, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / job_id / "summary.json").read_text())
    return found


def test_figures_of_a_whole_run_are_those_of_its_summary(
    folder: Path, four: str, data: PageData
) -> None:
    told = summary_of(folder, four)["targets"]
    whole = [group for group in data.groups if group.whole]
    assert [data.targets[each.target] for each in whole] == [t["target"] for t in told]
    for group, target in zip(whole, told, strict=True):
        for metric in ("ttft", "latency", "tpot"):
            for name, found in group.times[metric].items():
                assert found.model_dump() == target[metric][name]
        assert (group.calls, group.ok) == (target["total_runs"], target["counts"]["ok"])
        cost = target["cost"]["usd_per_1000_good"]
        assert group.usd_per_1000_good is not None
        assert group.usd_per_1000_good.value == cost
    served = [group.provider for group in data.groups if not group.whole]
    assert served == ["Harbor", "Quay"]


def test_a_part_is_summed_up_as_a_whole_run_is(folder: Path, data: PageData) -> None:
    """All of the run as a part has the figures that the summary has of all of it."""
    job_id = made.keep(folder, PLAN)
    part = page_data(folder, job_id, (0.0, 10_000.0))
    assert part.part is not None
    assert (part.part.calls, part.part.of) == (240, 240)
    for one, other in zip(part.groups, data.groups, strict=True):
        assert (one.calls, one.ok, one.times) == (other.calls, other.ok, other.times)
    assert part.comparison is not None
    assert data.comparison is not None
    assert part.comparison.verdicts[0].pairs == data.comparison.verdicts[0].pairs


def test_a_pass_rate_is_that_of_the_summary_and_of_a_part_made_alike(
    folder: Path,
) -> None:
    plan = made.plan_of(made.SWIFT, made.SAGE, checks=[{"contains": "terra"}])
    rows = made.checked(made.rows_of(plan), lambda row: row.prompt % 4 > 0)
    job_id = made.keep(folder, plan, rows)
    told = [one["pass_rate"] for one in summary_of(folder, job_id)["targets"]]
    for part in (None, (0.0, 10_000.0)):
        groups = [g for g in page_data(folder, job_id, part).groups if g.whole]
        for group, said in zip(groups, told, strict=True):
            found = group.pass_rate
            assert found is not None
            assert found.value == pytest.approx(said["share"])
            assert (found.low, found.high) == pytest.approx((said["low"], said["high"]))
    assert told[0]["share"] == 0.75


def test_a_part_has_the_calls_that_began_in_it(folder: Path, four: str) -> None:
    calls = read_rows(PLAN, folder / four / "samples.csv")
    at_s = calls.started_s - np.nanmin(calls.started_s)
    inside = (at_s >= 50) & (at_s <= 120)
    part = page_data(folder, four, (50.0, 120.0))
    assert part.part is not None
    assert part.part.calls == int(inside.sum())
    swift = inside & calls.said("target", made.SWIFT)
    (group,) = (g for g in part.groups if g.target == 0 and g.whole)
    assert group.calls == int(swift.sum())
    middle = np.median(calls.real["ttft_s"][swift & calls.ok])
    assert group.times["ttft"]["p50"].point == pytest.approx(float(middle))


def test_a_curve_ends_at_the_share_that_succeeded(data: PageData) -> None:
    for curve in data.curves["ttft"]:
        group = next(g for g in data.groups if g.target == curve.target and g.whole)
        assert curve.shares[-1] == pytest.approx(group.ok / group.sent, abs=1e-6)
        assert list(curve.values_s) == sorted(curve.values_s)


def test_lanes_cells_and_waits_by_hand(data: PageData) -> None:
    assert sum(len(lane.at_s) for lane in data.lanes) == 240
    assert {n for lane in data.lanes for n in lane.calls} == {1}
    assert sum(bool(f) for lane in data.lanes for f in lane.failed) == data.failed == 2
    ((begin, end),) = data.waits
    assert 38 < end - begin < 42
    assert data.cells.of == 60
    assert len(data.cells.times["ttft"]) == 4


def many(n: int, failed: int = 0) -> CallRows:
    """`n` calls of one target, a second apart, each of the TTFT of its minute."""
    places = np.arange(n)
    whole = dict.fromkeys(("step", "attempt", "segment", "repetition"), 0 * places)
    outcome = np.where(places < failed, 1, 0)
    real = {name: 0.1 + places / n for name in ("ttft_s", "latency_s", "tpot_s")}
    return CallRows(
        {**whole, "slot": places, "prompt_index": places, "output_tokens": places},
        {**real, "cost_usd": 0.0 * places},
        {
            "target": (0 * places, ["a/b"]),
            "provider": (0 * places, ["Harbor"]),
            "outcome": (outcome, ["ok", "upstream_error"]),
            "error": (
                np.where(places < failed, places, -1),
                [f"e{'x' * n}"[:60] for n in range(max(failed, 1))],
            ),
        },
        places * 1.0,
    )


def test_many_calls_are_few_marks_that_count_all_of_them() -> None:
    calls = many(100_000, failed=10)
    (lane,) = binned.lanes(calls, calls.started_s, "ttft", 1, lambda code: code)
    assert len(lane.at_s) <= 202
    assert sum(lane.calls) == 100_000
    assert [n for n, f in zip(lane.calls, lane.failed, strict=True) if f] == [10]
    (curve,) = binned.curves(calls, "ttft", 1)
    assert len(curve.values_s) <= binned.MOST_POINTS
    assert curve.shares[-1] == pytest.approx(0.9999)


def test_failures_beyond_fifty_kinds_are_others_and_none_is_lost() -> None:
    calls = many(100, failed=60)  # of 60 lengths, so of 60 kinds
    groups = failure_groups(calls, calls.started_s, lambda code: code)
    assert len(groups) == MOST_GROUPS
    assert groups[-1].outcome == OTHER
    assert sum(group.calls for group in groups) == 60
    assert all(len(group.examples) <= 3 for group in groups)


def test_a_call_is_found_again_whatever_its_error_says(folder: Path) -> None:
    plan = made.plan_of(made.SWIFT, prompts=["a", "b"], runs=2)
    rows = [*made.rows_of(plan)]
    bad = 'broke\n0,3,0,"x",\n"quoted", and a comma'
    fields = {name: getattr(rows[1], name) for name in Sample.__dataclass_fields__}
    fields |= {"outcome": Outcome.UPSTREAM_ERROR, "error": bad, "kind": "failed"}
    rows[1] = Sample(**fields)
    job_id = made.keep(folder, plan, rows, text="said {n}")
    index.write_index(folder / job_id, [made.SWIFT])
    found = index.read_index(folder / job_id)
    assert len(found) == 4
    for slot in range(4):
        (place,) = index.find(found, 0, slot)
        row = index.row_at(folder / job_id, found, place)
        assert row["slot"] == str(slot)
        answer = index.answer_at(folder / job_id, found, place)
        if rows[slot].ok and rows[slot].repetition == 0:
            assert answer is not None
            assert answer["text"] == f"said {slot}"
    (place,) = index.find(found, 0, 1)
    assert index.row_at(folder / job_id, found, place)["error"] == bad
    assert index.find(found, 0, 9) == []


def test_what_is_kept_is_not_shown_of_other_files(
    folder: Path, four: str, data: PageData
) -> None:
    path = folder / four
    kept = data.model_copy(update={"made_of": stamps(path)})
    (path / FILE).write_text(kept.model_dump_json())
    assert read(path) == kept
    (path / "responses.jsonl").write_text("")
    assert read(path) is None
    (path / FILE).write_text("{")
    assert read(path) is None
