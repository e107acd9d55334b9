"""Counts: what came late, was dropped, failed, was retried or turned away."""

from dataclasses import replace

from shared.analysis.summarize import summarize
from shared.plan.retries import Retries
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import PLAN, failed_call, row


def test_late_dropped_failed_and_cancelled_are_four_counts() -> None:
    rows = [
        row(0, 1.0, 2.0, due_s=0.0, started_s=0.010),  # just not late
        row(1, 1.0, 2.0, due_s=0.0, started_s=0.011),  # late
        row(2, None, None, due_s=0.0, outcome=Outcome.DROPPED),
        row(3, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.TIMEOUT_IDLE),
        row(4, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.CANCELLED),
        row(5, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.UNFINISHED),
    ]
    counts = summarize(PLAN, rows).counts
    assert (counts.ok, counts.failed, counts.dropped, counts.cancelled) == (2, 2, 1, 1)
    assert (counts.late, counts.scheduled) == (1, 5)
    assert counts.outcomes == {
        "cancelled": 1,
        "dropped": 1,
        "ok": 2,
        "timeout_idle": 1,
        "unfinished": 1,
    }


def test_a_slot_is_late_by_its_first_attempt() -> None:
    rows = [
        row(0, 0.0, 1.0, due_s=0.0, started_s=0.0, outcome=Outcome.RATE_LIMITED),
        row(0, 9.0, 9.5, due_s=0.0, started_s=9.0, attempt=1),
    ]
    assert summarize(PLAN, rows).counts.late == 0


def test_the_commonest_failures_are_told_in_the_upstream_s_words() -> None:
    long = "No such model. " * 20
    rows = [
        *(row(n, n, n + 1.0) for n in range(4)),
        *(failed_call(n, Outcome.REFUSED, long) for n in range(4, 8)),
        *(failed_call(n, Outcome.UPSTREAM_ERROR, "Busy.") for n in range(8, 10)),
        failed_call(10, Outcome.EMPTY, None),
        # what a limit turned away is told only where no slot came to anything
        failed_call(0, Outcome.RATE_LIMITED, "Slow down.", attempt=1, kind="again"),
    ]
    told = [(c.outcome, c.error, c.calls) for c in summarize(PLAN, rows).complaints]
    assert told == [
        ("refused", long[:199] + "…", 4),
        ("upstream_error", "Busy.", 2),
        ("empty", None, 1),
    ]
    (only,) = summarize(PLAN, rows[-1:]).complaints
    assert (only.outcome, only.error, only.calls) == ("rate_limited", "Slow down.", 1)
    assert summarize(PLAN, rows[:4]).complaints == ()


def test_what_was_turned_away_is_no_call_where_the_run_ended_before_another() -> None:
    # cancelled while slots 1 and 2 waited: one for a limit, one for its retry
    rows = [
        row(0, 0.0, 1.0, kind="ok"),
        failed_call(1, Outcome.RATE_LIMITED, None, kind="again"),
        failed_call(2, Outcome.UPSTREAM_ERROR, None, kind="retry", retry=0),
        failed_call(2, Outcome.RATE_LIMITED, None, attempt=1, kind="again", retry=1),
    ]
    made = summarize(PLAN, rows)
    # the failure that nobody came to try again is what slot 2 came to
    assert (made.total_runs, made.counts.failed) == (2, 1)
    assert (made.counts.retries, made.counts.turned_away) == (0, 2)
    assert made.counts.outcomes == {"ok": 1, "upstream_error": 1}
    # rows of earlier builds say no kind, and the last of a slot is its end
    old = [replace(one, kind=None) for one in rows[:2]]
    assert summarize(PLAN, old).counts.failed == 1


def test_attempts_know_slots_that_nobody_closed() -> None:
    plan = PLAN.model_copy(update={"retries": Retries()})
    rows = [
        row(0, 0.0, 1.0, kind="ok"),
        failed_call(1, Outcome.UPSTREAM_ERROR, None, kind="retry", retry=0),
        failed_call(1, Outcome.RATE_LIMITED, None, attempt=1, kind="again", retry=1),
        failed_call(2, Outcome.RATE_LIMITED, None, kind="again"),
    ]
    made = summarize(plan, rows).attempts
    assert made is not None
    assert (made.first.ok, made.first.failed) == (1, 1)
    assert (made.perceived.ok, made.perceived.failed, made.retries) == (1, 1, 0)
