"""samples.csv read again: what each slot came to, and what is no call."""

from pathlib import Path

import pytest

from shared.analysis.columns import columns_of
from shared.errors import TooMuch
from shared.outputs import calls as reading
from shared.outputs import write_csv
from shared.outputs.calls import RunCalls, read_calls
from shared.plan import Plan
from shared.sample import Outcome, Sample
from tests.kept import FAST, SLOW, plan_of, rows_of
from tests.shared.analysis.rows_by_hand import row

PLAN = plan_of(FAST, SLOW, prompts=2, runs=2)


def read(folder: Path, plan: Plan, rows: list[Sample]) -> RunCalls:
    file = folder / "samples.csv"
    file.write_bytes(b"".join(write_csv(plan, columns_of(plan, rows))))
    return read_calls([(plan, file)])[0]


def test_each_target_has_its_calls_with_their_metrics(tmp_path: Path) -> None:
    rows = list(rows_of(PLAN, {FAST: 0.1, SLOW: 0.2}))
    found = read(tmp_path, PLAN, rows)
    assert (list(found.targets), found.calls) == ([FAST, SLOW], 8)
    fast = found.targets[FAST]
    exact = columns_of(PLAN, rows).table
    assert fast.ttft_s.tolist() == exact["ttft_s"][::2].tolist()
    assert len(set(fast.prompt.tolist())) == 2
    assert fast.prompt.tolist() == found.targets[SLOW].prompt.tolist()
    assert fast.key.tolist() == found.targets[SLOW].key.tolist()
    assert len(set(fast.key.tolist())) == 4
    assert found.upstreams == ("https://upstream.example",)


def test_a_slot_is_its_last_attempt_and_costs_what_all_did(tmp_path: Path) -> None:
    failed = {"outcome": Outcome.RATE_LIMITED, "cost_usd": 0.5}
    rows = [
        row(0, 0.0, 1.0, kind="retry", **failed),
        row(0, 2.0, 4.0, attempt=1, retry=1, kind="ok", cost_usd=1.0),
        row(2, 0.0, 1.0, kind="failed", repetition=1, **failed),
        row(2, 2.0, 3.0, attempt=1, kind="again", outcome=Outcome.RATE_LIMITED),
    ]
    found = read(tmp_path, PLAN, rows).targets[FAST]
    assert found.ok.tolist() == [True, False]
    assert found.cost_usd.tolist() == [1.5, 0.5]
    assert found.latency_s.tolist() == [2.0, 1.0]


def test_an_answer_is_good_where_it_passed_or_has_no_checks(tmp_path: Path) -> None:
    said = [(True, None), (False, "contains"), (None, "regex"), (None, None)]
    rows = [
        row(2 * n, n, n + 1, kind="ok", repetition=n, passed=passed, failed_check=name)
        for n, (passed, name) in enumerate(said)
    ]
    rows.append(row(8, 4, 5, kind="failed", outcome=Outcome.EMPTY, repetition=4))
    found = read(tmp_path, PLAN, rows).targets[FAST]
    assert found.good.tolist() == [True, False, False, True, False]
    assert [*map(str, found.passed)] == ["1.0", "0.0", "nan", "nan", "nan"]


def test_warm_ups_and_what_was_never_sent_or_cut_are_no_calls(tmp_path: Path) -> None:
    plan = plan_of(FAST, SLOW, load={"concurrency": 1, "warmup": 1})
    rows = [
        row(0, 0.0, 1.0, kind="ok"),  # of step 0, the warm-up
        row(0, 0.0, 1.0, kind="ok", step=1),
        row(2, None, None, kind="failed", step=1, outcome=Outcome.DROPPED),
        row(4, 0.0, 1.0, kind="failed", step=1, outcome=Outcome.CANCELLED),
    ]
    assert read(tmp_path, plan, rows).calls == 1


def test_a_text_that_stands_twice_in_a_plan_is_one_prompt(tmp_path: Path) -> None:
    plan = plan_of(FAST).model_copy(
        update={"prompts": PLAN.prompts.model_copy(update={"prompts": ("Why?",) * 2})}
    )
    rows = [row(n * 2, n, n + 1, kind="ok", prompt=n, target=0) for n in range(2)]
    found = read(tmp_path, plan, rows).targets[FAST]
    assert [len(set(each.tolist())) for each in (found.prompt, found.key)] == [1, 2]


def test_more_rows_than_are_compared_at_once_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 7)
    with pytest.raises(TooMuch, match="more than 7 rows"):
        read(tmp_path, PLAN, list(rows_of(PLAN, {FAST: 0.1, SLOW: 0.2})))


def test_a_file_without_a_row_has_no_calls(tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    file.write_bytes(b"".join(write_csv(PLAN, None)))
    assert read_calls([(PLAN, file)])[0].calls == 0
