"""A check that takes for ever is given up, and says so."""

import signal
from collections import Counter

from shared.checks import evaluate
from shared.checks.evaluate import MOST_CHARACTERS
from tests.shared.checks.test_kinds import checks

FOR_EVER = "(a+)+$"
TEXT = "a" * 60 + "b"


def test_a_pattern_that_takes_for_ever_is_undecided() -> None:
    assert evaluate(checks({"regex": FOR_EVER}), TEXT) == (None, "regex")


def test_so_is_one_within_a_schema() -> None:
    schema = checks({"json_schema": {"pattern": FOR_EVER}})
    assert evaluate(schema, f'"{TEXT}"') == (None, "json_schema")


def test_a_schema_that_never_ends_is_undecided() -> None:
    assert evaluate(checks({"json_schema": {"$ref": "#"}}), "1") == (
        None,
        "json_schema",
    )


def test_what_fails_beside_it_fails_all_the_same() -> None:
    both = checks({"regex": FOR_EVER}, {"contains": "no such text"})
    assert evaluate(both, TEXT) == (False, "contains")


def test_after_five_times_it_is_not_tried_any_more() -> None:
    both, late = checks({"regex": FOR_EVER}), Counter[str]()
    for _ in range(7):
        assert evaluate(both, TEXT, late) == (None, "regex")
    assert [*late.values()] == [5]
    # nor on what it would be quick about
    assert evaluate(both, "aaa", late) == (None, "regex")


def test_a_longer_answer_than_is_looked_at_is_undecided() -> None:
    one = checks({"contains": "a"})
    assert evaluate(one, "a" * MOST_CHARACTERS) == (True, None)
    assert evaluate(one, "a" * (MOST_CHARACTERS + 1)) == (None, "contains")


def test_the_timer_is_given_back() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    evaluate(checks({"regex": FOR_EVER}), TEXT)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
