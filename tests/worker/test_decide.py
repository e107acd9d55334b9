"""What an ended call means for its slot and for the run."""

import pytest

from shared.run import Ending
from shared.sample import Outcome, Sample
from shared.upstream.reply import Limit, Reply
from worker.attack import Slot
from worker.decide import Decision, decide

NOW_S = 1_700_000_000.0


def decided(outcome: Outcome, *, attempt: int = 0, **said: object) -> Decision:
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
    )
    return decide(Slot(0.0, 7, attempt), reply, row, now_s=NOW_S)


def limit(*, account: bool, opens_at: float | None = None, free: bool = False) -> Limit:
    return Limit(account=account, source=None, opens_at=opens_at, free=free)


def test_an_answer_closes_its_slot_whatever_it_was() -> None:
    assert decided(Outcome.OK, status=200) == Decision("ok")
    assert decided(Outcome.UPSTREAM_ERROR, status=500) == Decision("failed")
    assert decided(Outcome.CONNECT_ERROR) == Decision("failed")


def test_a_call_that_we_cut_is_offered_again() -> None:
    assert decided(Outcome.CANCELLED) == Decision("again")


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
