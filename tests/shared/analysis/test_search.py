"""The answer of a search, in the summary: its two values, and a sentence."""

from typing import Any

import pytest

from shared.analysis.no_rows import summarize_none
from shared.analysis.summarize import summarize
from shared.plan import Plan, SearchAnswer
from shared.run import Ending
from shared.sample import Outcome, Sample


def plan(**find: Any) -> Plan:
    """A search over 1, 2, 4, 8 calls open, two calls in each step, for a latency of
    one second."""
    asked = {
        "targets": [{"model": "acme/orca"}],
        "prompts": {"prompts": ["Why?"]},
        "load": {"count": 2, "warmup": 1},
        "slo": {"latency_s": 1},
        "find": {"over": "concurrency", "low": 1, "high": 8, "goodput": 0.9, **find},
    }
    return Plan.model_validate(asked)


def rows(*latencies_s: float) -> list[Sample]:
    """A warm-up, and then two calls of each latency."""
    made = []
    for value, latency_s in enumerate(latencies_s):
        for step, calls in ((2 * value, 1), (2 * value + 1, 2)):
            made += [
                Sample(
                    step=step,
                    slot=slot,
                    target=0,
                    prompt=0,
                    outcome=Outcome.OK,
                    sent_s=1.0,
                    ended_s=1 + latency_s,
                )
                for slot in range(calls)
            ]
    return made


def found(
    *latencies_s: float, ending: Ending = Ending.FIND, **find: Any
) -> SearchAnswer:
    answer = summarize(plan(**find), rows(*latencies_s), ending=ending).find
    assert answer is not None
    return answer


def test_the_answer_is_what_passed_and_what_failed() -> None:
    # 1, 2 and 4 pass, 8 fails, 6 passes, 7 fails: they are one apart
    answer = found(0.5, 0.5, 0.5, 2, 0.5, 2)
    assert (answer.passing, answer.failing, answer.complete) == (6, 7, True)
    assert answer.words == (
        "At a concurrency of 6 at least 90 % of the calls met the SLO, and at 7 fewer."
    )


def test_each_step_has_its_value_warm_ups_too() -> None:
    steps = summarize(plan(), rows(0.5, 0.5, 2, 2), ending=Ending.FIND).steps
    assert [step.value for step in steps] == [1, 1, 2, 2, 4, 4, 3, 3]
    assert [step.warmup for step in steps] == [True, False] * 4


def test_a_plan_of_one_load_has_no_value_and_no_answer() -> None:
    plain = plan().model_copy(update={"find": None})
    summary = summarize(plain, rows(0.5), ending=Ending.COMPLETED)
    assert summary.find is None
    assert [step.value for step in summary.steps] == [None, None]


def test_where_the_highest_passes_nothing_is_known_to_fail() -> None:
    answer = found(0.5, 0.5, high=2)
    assert (answer.passing, answer.failing) == (2, None)
    assert answer.words == (
        "At a concurrency of 2, the largest tried, at least 90 % of the calls met the"
        " SLO."
    )


def test_where_the_lowest_fails_no_value_passes() -> None:
    answer = found(2)
    assert (answer.passing, answer.failing) == (None, 1)
    assert answer.words == (
        "At a concurrency of 1, the least tried, fewer than 90 % of the calls met the"
        " SLO."
    )


def test_a_step_that_was_cut_short_neither_passed_nor_failed() -> None:
    answer = found(0.5, 0.5, 2, ending=Ending.CANCELLED)
    assert (answer.passing, answer.failing, answer.complete) == (2, None, False)
    assert answer.words == (
        "At a concurrency of 2, the largest tried, at least 90 % of the calls met the"
        " SLO. The search was stopped before its end."
    )


@pytest.mark.parametrize("ending", [Ending.FIND, Ending.BAD_KEY])
def test_a_search_without_rows_has_no_value(ending: Ending) -> None:
    answer = summarize_none(plan(), ending=ending).find
    assert answer is not None
    assert (answer.passing, answer.failing) == (None, None)
    assert answer.words.startswith("No concurrency was tried to the end of its step.")
