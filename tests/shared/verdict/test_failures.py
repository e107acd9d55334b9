"""What is said of calls that failed and of runs that ended before their time."""

from collections.abc import Iterable

import pytest

from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.verdict.judge import judge
from shared.verdict.records import Verdict
from tests.shared.verdict.runs_by_hand import (
    BROKEN,
    PLAN,
    call,
    calls,
    codes,
    failed,
    judged,
)

TIMES = ("latency", "ttft", "ttft_visible", "tpot", "gap")


def test_a_run_without_a_success_is_invalid_in_the_upstream_s_words() -> None:
    (reason,) = judged(failed(60, of=60)).reasons
    assert (reason.kind, reason.code) == ("invalid", "no_success")
    assert reason.words == (
        f"None of 60 calls succeeded: 60 refused. The commonest error: {BROKEN}"
    )
    assert "the model's name" in reason.remedy
    assert reason.figures == (*TIMES, "rate")


def test_the_three_commonest_outcomes_are_named_and_the_rest_counted() -> None:
    rows = failed(6, of=12)
    for slot, outcome in enumerate(
        (Outcome.EMPTY, Outcome.EMPTY, Outcome.TRUNCATED, Outcome.NO_TEXT), start=6
    ):
        rows[slot] = call(slot, due_s=None, outcome=outcome)
    (reason,) = judged(rows).reasons
    # of two that are as common the first by name
    assert reason.words == (
        "10 of 12 calls (83.3%) failed: 6 refused, 2 empty, 1 no_text, and 1 of other"
        f" kinds. The commonest error: {BROKEN}"
        " The figures are of those that succeeded."
    )


@pytest.mark.parametrize(
    ("outcome", "remedy"),
    [
        (Outcome.CONNECT_ERROR, "OPENROUTER_BASE_URL"),
        (Outcome.NO_TEXT, "`max_tokens`"),
        (Outcome.NO_CREDIT, "credit"),
        (Outcome.RATE_LIMITED, "lower rate"),
        (Outcome.UNFINISHED, "`drain_s`"),
        (Outcome.PROTOCOL_ERROR, "`error` column"),
    ],
)
def test_the_remedy_is_of_the_commonest_failure(outcome: Outcome, remedy: str) -> None:
    (reason,) = judged(failed(9, of=9, outcome=outcome)).reasons
    assert remedy in reason.remedy


def test_a_run_whose_calls_were_all_turned_away_had_no_success() -> None:
    rows = failed(
        3, of=3, error="Slow down", outcome=Outcome.RATE_LIMITED, kind="again"
    )
    (reason,) = judged(rows).reasons
    assert reason.words == (
        "No call succeeded, and 3 were turned away. The commonest error: Slow down."
    )


def ended(ending: Ending, rows: Iterable[Sample], cause: str | None = None) -> Verdict:
    return judge(PLAN, summarize(PLAN, rows, ending=ending, cause=cause)).verdict


@pytest.mark.parametrize("ending", Ending)
def test_no_run_that_failed_has_a_valid_verdict(ending: Ending) -> None:
    verdict = ended(ending, calls(400), "So it was.")
    if ending.status is Status.FAILED:
        (reason,) = verdict.reasons
        assert (verdict.kind, reason.code) == ("suspect", "run_failed")
        assert reason.words == (
            f"The run failed ({ending}) after 400 calls. So it was."
        )
    else:
        assert verdict.kind == "valid"


def test_a_run_that_stopped_at_once_says_why_and_what_to_raise() -> None:
    verdict = ended(Ending.BUDGET, [])
    (reason,) = verdict.reasons
    assert (verdict.kind, reason.code) == ("invalid", "no_success")
    assert reason.words == "No call was made. The run's ending: budget."
    assert "max_cost_usd" in reason.remedy


def test_a_run_that_was_cut_short_says_after_how_many_calls() -> None:
    (note,) = ended(Ending.CANCELLED, calls(400)[:3]).notes[1:]
    assert (note.code, note.words) == (
        "ended_early",
        "The run was cancelled after 3 calls.",
    )
    assert codes(ended(Ending.COMPLETED, calls(400)).notes) == []


def test_a_run_cancelled_in_its_first_calls_does_not_say_that_none_was_made() -> None:
    reason, *_ = ended(Ending.CANCELLED, []).reasons
    assert reason.words == "No call had ended when the run was cancelled."


def test_a_failed_run_says_once_what_to_do() -> None:
    cause = "The upstream was down. Look whether it runs, then rerun what is missing."
    (reason,) = ended(Ending.UPSTREAM_DOWN, calls(400), cause).reasons
    assert f"{reason.words} {reason.remedy}".count("rerun") == 1


def of_two(bad: int, good: int) -> tuple[list[Sample], Plan]:
    """Calls of two targets; every one of the second failed."""
    rows = [call(slot) for slot in range(good)]
    more = [
        call(slot, target=1, outcome=Outcome.REFUSED)
        for slot in range(good, good + bad)
    ]
    two = (*PLAN.targets, Target(model="acme/typo"))
    return rows + more, PLAN.model_copy(update={"targets": two})


@pytest.mark.parametrize(("bad", "good"), [(300, 300), (10, 390)])
def test_a_target_of_which_no_call_succeeded_is_named(bad: int, good: int) -> None:
    rows, plan = of_two(bad, good)
    (reason,) = judged(rows, plan=plan).reasons
    assert (reason.kind, reason.code) == ("suspect", "many_failures")
    assert "No call of acme/typo succeeded." in reason.words
