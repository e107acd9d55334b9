"""What an ended call means for its slot and for the run."""

import pytest

from shared.answer.reply import Reply, Throttle
from shared.plan.retries import Retries
from shared.run import Ending
from shared.sample import Outcome, Sample
from worker.rows.decide import Decision, decide
from worker.slot import Slot

NOW_S = 1_700_000_000.0


def decided(
    outcome: Outcome,
    *,
    attempt: int = 0,
    made: int = 0,
    retries: Retries | None = None,
    left_s: float = float("inf"),
    reused: bool = False,
    **said: object,
) -> Decision:
    """made: retries of the slot so far."""
    reply = Reply(outcome=outcome, **said)  # type: ignore[arg-type]
    row = Sample(
        step=0,
        slot=7,
        attempt=attempt,
        segment=0,
        worker="w",
        target=0,
        prompt=0,
        repetition=0,
        outcome=outcome,
        started_at=NOW_S,
        reused=reused,
    )
    slot = Slot(0.0, 7, attempt, made)
    return decide(slot, reply, row, now_s=NOW_S, retries=retries, left_s=left_s)


def limit(
    *, account: bool, opens_at: float | None = None, free: bool = False
) -> Throttle:
    return Throttle(account=account, source=None, opens_at=opens_at, free=free)


def test_an_answer_closes_its_slot_whatever_it_was() -> None:
    assert decided(Outcome.OK, status=200) == Decision("ok")
    assert decided(Outcome.UPSTREAM_ERROR, status=500) == Decision("failed")
    assert decided(Outcome.CONNECT_ERROR) == Decision("failed")


def test_a_call_that_we_cut_is_offered_again() -> None:
    assert decided(Outcome.CANCELLED) == Decision("again")


def test_what_a_kept_connection_lost_is_offered_again_and_uses_up_no_retry() -> None:
    lost = Outcome.DISCONNECTED
    assert decided(lost, reused=True) == Decision("again")
    assert decided(lost, reused=True, retries=TWICE) == Decision("again")
    # a connection of its own that is lost is the upstream's answer
    assert decided(lost) == Decision("failed")
    assert decided(lost, retries=TWICE).kind == "retry"
    # nobody would make it again
    assert decided(lost, reused=True, left_s=-1) == Decision("failed")
    assert decided(Outcome.TRUNCATED, reused=True) == Decision("failed")


def test_what_is_offered_again_gets_a_connection_of_its_own() -> None:
    assert not Slot(0.0, 7, attempt=0).offered_again
    assert Slot(0.0, 7, attempt=1).offered_again
    # a retry of the plan may reuse one; what came before it was an answer
    assert not Slot(0.0, 7, attempt=2, retries=2).offered_again
    assert Slot(0.0, 7, attempt=3, retries=2).offered_again


def test_a_busy_provider_is_an_answer_and_bars_nobody() -> None:
    got = decided(Outcome.RATE_LIMITED, status=429, limit=limit(account=False))
    assert got == Decision("failed")


def test_a_limit_of_the_account_bars_the_slot_until_the_upstream_opens() -> None:
    said = limit(account=True, opens_at=NOW_S + 30)
    got = decided(Outcome.RATE_LIMITED, status=429, limit=said)
    assert got.kind == "again"
    assert got.ending is None
    assert got.opens_in_s is not None
    assert 30 <= got.opens_in_s < 30.25


@pytest.mark.parametrize(("attempt", "wait_s"), [(0, 1), (3, 8), (20, 300)])
def test_a_limit_without_a_moment_is_waited_for_longer_each_time(
    attempt: int, wait_s: float
) -> None:
    got = decided(
        Outcome.RATE_LIMITED, attempt=attempt, status=429, limit=limit(account=True)
    )
    assert got.opens_in_s is not None
    assert wait_s <= got.opens_in_s < wait_s + 0.25


def test_a_limit_of_free_calls_is_told_from_one_of_all_calls() -> None:
    of_free, of_all = limit(account=True, free=True), limit(account=True)
    assert decided(Outcome.RATE_LIMITED, status=429, limit=of_free).of_free_calls
    assert not decided(Outcome.RATE_LIMITED, status=429, limit=of_all).of_free_calls


def test_a_limit_that_has_opened_by_now_is_not_asked_again_at_once() -> None:
    said = limit(account=True, opens_at=NOW_S - 100)
    got = decided(Outcome.RATE_LIMITED, status=429, limit=said)
    assert got.opens_in_s is not None
    assert got.opens_in_s >= 1


def test_a_refused_key_and_no_credit_end_the_run_and_keep_the_row() -> None:
    assert decided(Outcome.REFUSED, status=401) == Decision(
        "failed", ending=Ending.BAD_KEY
    )
    poor = decided(Outcome.NO_CREDIT, status=402)
    assert poor == Decision("failed", ending=Ending.NO_CREDIT)


def test_credit_that_is_only_held_for_calls_in_flight_is_a_limit_and_no_end() -> None:
    got = decided(Outcome.NO_CREDIT, status=402, limit=limit(account=True))
    assert got.kind == "again"
    assert got.ending is None


TWICE = Retries(max=2, backoff_s=3)


def test_a_failure_that_the_plan_retries_is_offered_again_until_it_is_used_up() -> None:
    for made in (0, 1):
        got = decided(Outcome.EMPTY, made=made, retries=TWICE, status=200)
        assert (got.kind, got.opens_in_s, got.ending) == ("retry", None, None)
    assert decided(Outcome.EMPTY, made=2, retries=TWICE) == Decision("failed")


def test_what_the_plan_does_not_name_closes_its_slot() -> None:
    only = Retries(on=(Outcome.RATE_LIMITED,))
    assert decided(Outcome.EMPTY, retries=only) == Decision("failed")
    assert decided(Outcome.RATE_LIMITED, retries=only, status=429).kind == "retry"
    assert decided(Outcome.OK, retries=TWICE, status=200) == Decision("ok")
    assert decided(Outcome.REFUSED, retries=TWICE, status=400) == Decision("failed")


@pytest.mark.parametrize(("made", "wait_s"), [(0, 3), (1, 6), (3, 24), (8, 60)])
def test_each_retry_waits_twice_as_long_and_at_most_a_minute(
    made: int, wait_s: float
) -> None:
    often = Retries(max=10, backoff_s=3)
    got = decided(Outcome.EMPTY, made=made, attempt=9, retries=often)
    assert wait_s <= got.retry_in_s <= wait_s * 1.25


@pytest.mark.parametrize("outcome", [Outcome.RATE_LIMITED, Outcome.UPSTREAM_ERROR])
def test_a_hint_of_the_upstream_is_kept_to(outcome: Outcome) -> None:
    said = limit(account=False, opens_at=NOW_S + 90)
    got = decided(outcome, made=1, retries=TWICE, limit=said)
    assert got.kind == "retry"
    assert 90 <= got.retry_in_s < 90.25


def test_what_the_account_turned_away_is_no_retry() -> None:
    said = limit(account=True, opens_at=NOW_S + 30)
    got = decided(Outcome.RATE_LIMITED, retries=TWICE, status=429, limit=said)
    assert got.kind == "again"
    assert decided(Outcome.CANCELLED, retries=TWICE) == Decision("again")


def test_a_retry_that_could_not_begin_in_time_is_not_made() -> None:
    assert decided(Outcome.EMPTY, retries=TWICE, left_s=3) == Decision("failed")
    assert decided(Outcome.EMPTY, retries=TWICE, left_s=4).kind == "retry"
    assert decided(Outcome.EMPTY, retries=TWICE, left_s=-1) == Decision("failed")
