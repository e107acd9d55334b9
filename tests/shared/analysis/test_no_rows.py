"""What is said of a run without rows, beside the summary that is made of rows."""

import subprocess
import sys

import pytest

from shared.analysis.no_rows import summarize_none
from shared.analysis.summarize import columns_of, summarize
from shared.outputs import write_csv, write_json
from shared.plan import Plan, Target
from shared.plan.loads import Adaptive, Concurrency, Constant
from shared.plan.loads.find import Find
from shared.plan.loads.sweep import Sweep
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.plan.slo import Slo
from shared.run import Ending
from shared.verdict import Observations, judge

TWO = (Target(model="a/b"), Target(model="a/c", provider="P"))
PROMPTS = InlinePrompts(prompts=("x", "y"))
PLAIN = Plan(targets=TWO, prompts=PROMPTS, runs=2)
SLO = Slo(ttft_s=0.5)
PLANS = {
    "plain": PLAIN,
    "slo": PLAIN.model_copy(update={"slo": SLO}),
    "retries": PLAIN.model_copy(update={"retries": Retries(max=2)}),
    "open": PLAIN.model_copy(update={"load": Constant(rate_per_s=5, warmup=2)}),
    "adaptive": PLAIN.model_copy(update={"load": Adaptive()}),
    "sweep": Plan(
        targets=TWO,
        prompts=PROMPTS,
        runs=1,
        load=Concurrency(concurrency=1, warmup=3),
        sweep=Sweep(over="concurrency", values=(1, 4)),
    ),
    "find": Plan(
        targets=TWO,
        prompts=PROMPTS,
        runs=1,
        load=Concurrency(concurrency=1),
        slo=SLO,
        find=Find(over="concurrency", low=1, high=4),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_summary_of_no_rows_is_the_one_that_is_made_of_empty_columns(
    name: str,
) -> None:
    plan, seen = PLANS[name], Observations(interrupted_shards=1)
    assert write_json(judge(plan, summarize_none(plan), seen)) == write_json(
        judge(plan, summarize(plan, []), seen)
    )
    assert write_json(summarize_none(plan)) == write_json(summarize(plan, []))
    cut = {"ending": Ending.CANCELLED, "cause": "So it was."}
    assert write_json(judge(plan, summarize_none(plan, **cut), seen)) == write_json(
        judge(plan, summarize(plan, [], **cut), seen)
    )


def test_the_table_of_no_rows_is_its_head() -> None:
    empty = b"".join(write_csv(PLAIN, None))
    assert empty == b"".join(write_csv(PLAIN, columns_of(PLAIN, [])))
    assert empty.startswith(b"step,slot,")
    assert empty.count(b"\n") == 1


def test_no_rows_need_no_pandas() -> None:
    look = "import sys, shared.analysis.no_rows, shared.outputs; print(*sys.modules)"
    argv = [sys.executable, "-c", look]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "shared.analysis.no_rows" in loaded.split()
    assert not {"pandas", "numpy", "scipy"} & set(loaded.split())
