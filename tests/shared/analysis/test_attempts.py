"""First attempts beside what came of their slots, worked by hand."""

from typing import Any

import pytest

from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.sample import Outcome, Sample
from shared.verdict import judge

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
    retries=Retries(max=2),
)
BUSY = {"outcome": Outcome.RATE_LIMITED}


def row(
    slot: int, attempt: int, sent_s: float | None, ended_s: float, **more: Any
) -> Sample:
    """A call that succeeded, and is a retry where it is not the first, unless it says
    otherwise."""
    fixed: dict[str, Any] = {
        "step": 0,
        "target": slot % 2,
        "prompt": 0,
        "outcome": Outcome.OK,
        "retry": attempt,
    }
    stamps = {"slot": slot, "attempt": attempt, "sent_s": sent_s, "ended_s": ended_s}
    return Sample(**(fixed | stamps | more))


#   slot  0         5         10
#     0   =                       ok
#     1   xx   xx      ===        429, 429, then ok
#     2    =                      ok
#     3    x    x      x          fails to the end
ROWS = (
    row(0, 0, 0.0, 1.0, first_token_s=0.5),
    row(1, 0, 0.0, 2.0, **BUSY),
    row(1, 1, 5.0, 7.0, **BUSY),
    row(1, 2, 13.0, 16.0, first_token_s=14.0),
    row(2, 0, 1.0, 2.0, first_token_s=1.25),
    row(3, 0, 1.0, 2.0, **BUSY),
    row(3, 1, 6.0, 7.0, **BUSY),
    row(3, 2, 13.0, 14.0, outcome=Outcome.TRUNCATED),
)


def test_first_attempts_and_what_is_perceived_stand_side_by_side() -> None:
    made = summarize(PLAN, ROWS).attempts
    assert made is not None
    assert (made.retried_slots, made.retries) == (2, 4)
    assert (made.first.ok, made.first.failed) == (2, 2)
    assert made.first.success_share == 0.5
    # slots 0 and 2
    assert (made.first.latency.n, made.first.latency.max) == (2, 1.0)
    assert made.first.ttft.mean == 0.375  # (0.5 + 0.25) / 2
    assert (made.perceived.ok, made.perceived.failed) == (3, 1)
    assert made.perceived.success_share == 0.75
    # slot 1 began at 0 and ended at 16, its first token came at 14
    assert (made.perceived.latency.n, made.perceived.latency.max) == (3, 16.0)
    assert made.perceived.ttft.max == 14.0


def test_the_headline_is_of_last_attempts_and_counts_no_retry() -> None:
    made = summarize(PLAN, ROWS)
    assert (made.total_runs, made.successful_runs) == (4, 3)
    assert made.max == 3.0  # slot 1: 16 - 13
    assert (made.counts.retries, made.counts.turned_away) == (4, 0)
    assert made.counts.outcomes == {"ok": 3, "truncated": 1}


def test_each_target_has_its_own() -> None:
    orca, seal = summarize(PLAN, ROWS).targets
    assert orca.attempts is not None
    assert seal.attempts is not None
    assert (orca.attempts.retries, orca.attempts.first.success_share) == (0, 1.0)
    assert (seal.attempts.retries, seal.attempts.first.success_share) == (4, 0.0)
    assert seal.attempts.perceived.success_share == 0.5


def test_without_retries_in_the_plan_there_is_no_second_side() -> None:
    plain = PLAN.model_copy(update={"retries": None})
    made = summarize(plain, ROWS[:1])
    assert made.attempts is None
    assert made.targets[0].attempts is None
    # allowed and not needed: both sides are the same
    allowed = summarize(PLAN, ROWS[:1]).attempts
    assert allowed is not None
    assert allowed.first == allowed.perceived


def test_in_an_open_load_the_wait_begins_at_the_due_time() -> None:
    due = {"due_s": 1.0}
    rows = [
        row(0, 0, 1.5, 2.0, started_s=1.5, **due, **BUSY),
        row(0, 1, 4.0, 6.0, started_s=4.0, **due),
    ]
    made = summarize(PLAN, rows).attempts
    assert made is not None
    assert made.perceived.latency.mean == 5.0  # 6 - 1


def test_a_first_attempt_that_found_no_connection_counts_from_its_start() -> None:
    rows = [
        row(0, 0, None, 3.0, started_s=2.0, outcome=Outcome.CONNECT_ERROR),
        row(0, 1, 4.0, 6.0, started_s=4.0),
    ]
    made = summarize(PLAN, rows).attempts
    assert made is not None
    assert made.perceived.latency.mean == 4.0  # 6 - 2


def test_what_the_account_turned_away_is_no_attempt_and_no_retry() -> None:
    rows = [
        row(0, 0, 0.0, 0.5, retry=0, **BUSY),  # the account's limit
        row(0, 1, 60.0, 61.0, retry=0),
        row(1, 0, 0.0, 0.5, retry=0, **BUSY),  # the account's limit
        row(1, 1, 60.0, 61.0, retry=0, **BUSY),  # the provider's
        row(1, 2, 62.0, 62.5, retry=1, **BUSY),  # the account's, in a retry
        row(1, 3, 63.0, 64.0, retry=1),
        row(2, 0, 0.0, 0.5, retry=0, outcome=Outcome.CANCELLED),  # cut by a drain
        row(2, 1, 60.0, 61.0, retry=0),
    ]
    summary = summarize(PLAN, rows)
    assert (summary.counts.retries, summary.counts.turned_away) == (1, 4)
    assert len(rows) == summary.total_runs + 1 + 4
    made = summary.attempts
    assert made is not None
    assert (made.retried_slots, made.retries) == (1, 1)
    assert (made.first.ok, made.first.failed) == (2, 1)
    # slot 1 from 60 to 64, slots 0 and 2 from 60 to 61
    assert (made.perceived.latency.n, made.perceived.latency.max) == (3, 4.0)


def test_a_pause_between_two_attempts_is_in_no_perceived_time() -> None:
    rows = [
        row(0, 0, 0.0, 1.0, **BUSY),
        row(0, 1, 900.0, 901.0, segment=1),
        row(1, 0, 0.0, 1.0),
    ]
    made = summarize(PLAN, rows).attempts
    assert made is not None
    assert (made.perceived.ok, made.perceived.success_share) == (2, 1.0)
    assert (made.perceived.latency.n, made.perceived.latency.max) == (1, 1.0)


def test_a_retry_that_never_came_leaves_the_first_attempt_as_the_last() -> None:
    made = summarize(PLAN, [row(0, 0, 0.0, 1.0, **BUSY)])
    assert (made.total_runs, made.counts.retries) == (1, 0)
    assert made.attempts is not None
    assert made.attempts.first == made.attempts.perceived
    assert made.attempts.first.failed == 1


def test_dropped_and_cancelled_slots_are_neither_ok_nor_failed() -> None:
    rows = [
        row(0, 0, 0.0, 1.0, outcome=Outcome.CANCELLED),
        row(1, 0, None, 1.0, due_s=0.5, outcome=Outcome.DROPPED),
    ]
    made = summarize(PLAN, rows).attempts
    assert made is not None
    assert (made.first.ok, made.first.failed, made.first.success_share) == (0, 0, None)


def test_retries_are_no_arrivals_and_never_late() -> None:
    # ten a second on time; each fails, and is retried 5 s later
    rows = []
    for slot in range(101):
        due = {"due_s": slot / 10, "started_s": slot / 10}
        rows.append(row(slot, 0, slot / 10, slot / 10 + 0.1, **due, **BUSY))
        due["started_s"] += 5
        rows.append(row(slot, 1, slot / 10 + 5, slot / 10 + 5.1, **due))
    made = summarize(PLAN, rows)
    assert (made.counts.late, made.counts.scheduled) == (0, 101)
    assert made.throughput.asked_rate_per_s == pytest.approx(10)
    assert made.throughput.achieved_rate_per_s == pytest.approx(10)
    # from the first to the last arrival; retries that come later are drain
    assert made.throughput.measured_window_s == pytest.approx(10)
    assert made.throughput.whole_window_s == pytest.approx(15.1)
    # by 10 s the retries of slots 0 to 49 had ended
    assert made.throughput.requests_per_s == pytest.approx(50 / 10)


def test_a_stretch_of_retries_alone_has_a_window_too() -> None:
    rows = [row(slot, 0, 0.0, 1.0, **BUSY) for slot in range(3)]
    rows += [row(s, 1, 900.0 + s, 900.5 + s, segment=1) for s in range(3)]
    assert summarize(PLAN, rows).throughput.measured_window_s == 2.0


def test_a_note_says_how_many_slots_were_retried() -> None:
    verdict = judge(PLAN, summarize(PLAN, ROWS)).verdict
    (note,) = [note for note in verdict.notes if note.code == "retried"]
    assert note.words == (
        "2 of 4 slots were retried: 50.0% of first attempts succeeded, and 75.0% of"
        " slots after 4 retries."
    )
    quiet = judge(PLAN, summarize(PLAN, ROWS[:1])).verdict
    assert "retried" not in [note.code for note in quiet.notes]
