"""How often answers did not come whole, by hand."""

from typing import Any

import pytest

from shared.analysis import wilson
from shared.analysis.summarize import summarize
from shared.analysis.worth import Integrity
from shared.sample import Note, Outcome, Sample
from tests.shared.analysis.rows_by_hand import PLAN, row


def call(slot: int, outcome: Outcome = Outcome.OK, **more: Any) -> Sample:
    """Of an answer that came as a stream."""
    fixed = {"status": 200, "first_token_s": slot + 0.1, "cost_usd": 0.01, "target": 0}
    return row(slot, slot, slot + 1, outcome=outcome, **(fixed | more))


def integrity(*rows: Sample, stall_s: float = 3) -> Integrity:
    plan = PLAN.model_copy(update={"stall_s": stall_s})
    found = summarize(plan, rows).integrity
    assert found is not None
    return found


def counts(found: Integrity) -> dict[str, tuple[int, int]]:
    return {
        name: (getattr(found, name).n, getattr(found, name).of)
        for name in Integrity.NAMES
    }


ROWS = (
    call(0),
    call(1, Outcome.ERROR_IN_200, first_token_s=None),
    call(2, Outcome.TRUNCATED),
    call(3, Outcome.EMPTY, first_token_s=None),
    call(4, Outcome.NO_TEXT),
    call(5, Outcome.REFUSED),
    call(6, Outcome.REFUSED, status=403, first_token_s=None),
    call(7, gap_max_s=3.5),
    call(8, Outcome.TIMEOUT_IDLE),
    call(9, notes=Note.NO_DONE),
    call(10, notes=f"{Note.ONE_BURST} {Note.TOKENS_SUMMED}"),
    call(11, Outcome.RATE_LIMITED, status=429, first_token_s=None),
    call(12, Outcome.CONNECT_ERROR, status=None, first_token_s=None),
    call(13, Outcome.UNFINISHED),  # cut by us
    call(14, Outcome.DROPPED, status=None, first_token_s=None),
)


def test_each_is_counted_of_those_that_could_have_been_so() -> None:
    # status 200 and not cut by us: 0-5, 7-10; with a token of these: not 1 and 3;
    # of those that came to their end: 0, 4, 7, 9, 10
    assert counts(integrity(*ROWS)) == {
        "error_in_200": (1, 10),
        "truncated": (1, 10),
        "empty": (2, 10),
        "refused": (2, 12),
        "stalled": (2, 8),
        "no_done": (1, 5),
        "one_burst": (1, 5),
    }


def test_a_share_has_an_interval_and_its_cost() -> None:
    found = integrity(*ROWS).empty
    assert (found.share, found.usd) == (0.2, pytest.approx(0.02))
    assert (found.low, found.high) == wilson(2, 10)


def test_of_none_at_most_three_in_n_are_so() -> None:
    found = integrity(*(call(n) for n in range(300))).truncated
    assert (found.n, found.of, found.share, found.low) == (0, 300, 0.0, 0.0)
    assert found.high == pytest.approx(3 / 300, rel=0.01)
    assert found.usd == 0.0


def test_where_nothing_was_answered_nothing_is_known() -> None:
    found = integrity(ROWS[12]).truncated
    assert (found.of, found.share, found.low, found.high) == (0, None, None, None)


def test_a_cost_that_nobody_tells_is_unknown() -> None:
    assert integrity(call(0, Outcome.TRUNCATED, cost_usd=None)).truncated.usd is None


def test_what_a_stall_is_says_the_plan() -> None:
    row = call(0, gap_max_s=1.0)
    assert integrity(row, stall_s=0.9).stalled.n == 1
    assert integrity(row, stall_s=1.0).stalled.n == 0


def test_a_retried_attempt_counts_and_one_that_was_turned_away_does_not() -> None:
    retried = call(0, Outcome.TRUNCATED, kind="retry")
    away = call(1, Outcome.REFUSED, status=400, kind="again")
    found = integrity(retried, call(0, attempt=1, retry=1, kind="ok"), away)
    assert (found.truncated.n, found.truncated.of) == (1, 2)
    assert (found.refused.n, found.refused.of) == (0, 2)


def test_targets_and_providers_have_their_own() -> None:
    rows = (
        call(0, provider="A"),
        call(1, Outcome.TRUNCATED, provider="B"),
        call(2, target=1),
    )
    one, other = summarize(PLAN, rows).targets
    broken = [
        (of.integrity.truncated.n, of.integrity.truncated.of)
        for of in (one, other, *one.providers)
        if of.integrity
    ]
    assert broken == [(1, 2), (0, 1), (0, 1), (1, 1)]
