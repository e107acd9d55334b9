"""A run in numbers, each worked by hand; and what holds of every summary."""

import json
import math
import subprocess
import sys
from random import Random
from typing import Any

import pytest
from pydantic_core import to_json

from shared.analysis.gaps import gap_histogram
from shared.analysis.summarize import summarize
from shared.analysis.summary import Figures, Summary
from shared.run import Ending
from shared.sample import Outcome, Sample, encode
from shared.verdict import Judged, Observations, judge
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


def seven(figures: Figures) -> tuple[Any, ...]:
    return (
        *(figures.avg, figures.min, figures.max, figures.std_dev),
        *(figures.total_runs, figures.successful_runs, figures.total_tokens),
    )


def test_the_seven_names_of_a_run() -> None:
    # Mean (1 + 2 + 3 + 10) / 4 = 4; squares 9 + 4 + 1 + 36 = 50, sd sqrt(50 / 3).
    sd = pytest.approx(math.sqrt(50 / 3))
    assert seven(summarize(PLAN, FIVE)) == (4.0, 1.0, 10.0, sd, 5, 4, 140)


def test_the_seven_names_of_each_target() -> None:
    orca, seal = summarize(PLAN, FIVE).targets
    assert (orca.target, seal.target) == ("acme/orca", "acme/seal@acme")
    # Latencies 1 and 3: mean 2, sd sqrt((1 + 1) / 1). Of the three calls one failed.
    assert seven(orca) == (2.0, 1.0, 3.0, pytest.approx(math.sqrt(2)), 3, 2, 60)
    # 2 and 10: mean 6, sd sqrt((16 + 16) / 1).
    assert seven(seal) == (6.0, 2.0, 10.0, pytest.approx(math.sqrt(32)), 2, 2, 80)


def test_a_set_without_successes_has_no_mean() -> None:
    failed = row(0, 0.0, 1.0, outcome=Outcome.UPSTREAM_ERROR)
    assert seven(summarize(PLAN, [failed])) == (None, None, None, None, 1, 0, None)


def test_one_success_has_no_standard_deviation() -> None:
    assert seven(summarize(PLAN, [FIVE[0]])) == (1.0, 1.0, 1.0, None, 1, 1, 20)


def test_no_rows_make_a_summary_too() -> None:
    nothing = summarize(PLAN, [])
    assert seven(nothing) == (None, None, None, None, 0, 0, None)
    assert nothing.throughput.whole_window_s is None
    assert nothing.cost.billed_usd is None
    assert nothing.steps == ()


def many_rows() -> list[Sample]:
    rng = Random(7)
    rows = []
    for slot in range(300):
        sent_s = slot / 7
        first_s = sent_s + rng.expovariate(3)
        events = [first_s + 0.013 * k * rng.random() for k in range(9)]
        gaps, sum_s, max_s = gap_histogram(sorted(events))
        rows.append(
            row(
                slot,
                sent_s,
                first_s + rng.expovariate(1),
                attempt=rng.randrange(2),
                outcome=rng.choice([Outcome.OK] * 9 + [Outcome.RATE_LIMITED]),
                provider=rng.choice(["Acme", "Zeta", None]),
                first_token_s=first_s,
                due_s=sent_s - 0.001,
                started_s=sent_s,
                cost_usd=rng.random() / 1_000,
                total_tokens=rng.randrange(1_000),
                gaps=gaps,
                gap_sum_s=sum_s,
                gap_max_s=max_s,
            )
        )
    return rows


def test_a_summary_does_not_depend_on_the_order_of_rows() -> None:
    rows = many_rows()
    expected = to_json(summarize(PLAN, rows))
    for seed in range(3):
        shuffled = Random(seed).sample(rows, len(rows))
        assert to_json(summarize(PLAN, map(encode, shuffled))) == expected


def test_the_parts_add_up_to_the_whole() -> None:
    made = summarize(PLAN, many_rows())
    for parts in (
        made.targets,
        made.steps,
        [one for target in made.targets for one in target.providers],
    ):
        assert sum(part.total_runs for part in parts) == made.total_runs == 300
        assert sum(part.gap.n for part in parts) == made.gap.n
        billed = sum(part.cost.billed_usd or 0 for part in parts)
        assert billed == pytest.approx(made.cost.billed_usd)
    counts = made.counts
    assert counts.ok + counts.failed + counts.dropped + counts.cancelled == 300


def test_a_summary_reads_back_from_its_json() -> None:
    seen = Observations(versions=("1.0",), cpu_share=0.5)
    made = summarize(PLAN, many_rows())
    assert Summary.model_validate_json(to_json(made)) == made
    judged = judge(PLAN, made, seen)
    assert Judged.model_validate_json(to_json(judged)) == judged
    assert json.loads(to_json(made))["avg"] == made.avg


def test_every_summary_carries_its_verdict() -> None:
    verdict = judge(PLAN, summarize(PLAN, FIVE[:4])).verdict
    assert verdict.kind == "valid"


def test_a_summary_says_itself_how_its_run_ended() -> None:
    made = summarize(PLAN, FIVE, ending=Ending.CANCELLED)
    assert (made.status, made.ending, made.cause) == ("cancelled", "cancelled", None)
    made = summarize(PLAN, FIVE, ending=Ending.NO_CREDIT, cause="Add credit.")
    assert (made.status, made.ending) == ("failed", "no_credit")
    assert json.loads(to_json(made))["cause"] == "Add credit."
    assert summarize(PLAN, FIVE).ending is None


def test_figures_and_verdicts_are_imported_without_pandas() -> None:
    heavy = "{'pandas', 'numpy', 'scipy'} & set(sys.modules)"
    code = (
        "import sys, shared.analysis, shared.verdict, shared.outputs;"
        f" assert not {heavy}, {heavy}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
