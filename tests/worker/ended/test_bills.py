"""Rows of samples.csv that a bill can be asked for: read back as they were."""

from pathlib import Path

from shared.analysis.columns import columns_of
from shared.money.reconciliation import Bill, Row
from shared.outputs import write_csv
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from worker.ended.bills import cells, row

PLAN = Plan(
    targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("p",)), runs=9
)


def sample(slot: int, **more: object) -> Sample:
    given = {"step": 0, "slot": slot, "target": 0, "prompt": 0, "outcome": Outcome.OK}
    return Sample(**{**given, **more})  # type: ignore[arg-type]


def test_rows_are_what_they_were_before_they_became_a_file(tmp_path: Path) -> None:
    told = sample(
        0,
        attempt=1,
        generation_id="gen-1",
        provider="=Harbor",  # which a spreadsheet would take for a formula
        cost_usd=1.4e-05,
        prompt_tokens=17,
        output_tokens=0,
        reasoning_tokens=3,
        tokens_from="usage",
    )
    counted = sample(2, generation_id="-2", output_tokens=12, tokens_from="events")
    path = tmp_path / "samples.csv"
    rows = columns_of(PLAN, [told, sample(1), counted])
    path.write_bytes(b"".join(write_csv(PLAN, rows)))
    first, second, third = cells(path)
    assert row(first) == Row(
        *(0, 0, 1, "gen-1"),
        Bill(
            cost_usd=1.4e-05,
            provider="=Harbor",
            prompt_tokens=17,
            output_tokens=0,
            reasoning_tokens=3,
        ),
    )
    assert second[0] == "", "no id, nothing to ask for"
    # what we counted ourselves is not compared with what was billed
    assert row(third) == Row(0, 2, 0, "-2", Bill())
