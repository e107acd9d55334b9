"""Precedence: of two things that went wrong, the first in the list is the outcome."""

from itertools import pairwise
from typing import get_args

import pytest

from shared.answer.outcomes import OUTCOMES, SENTENCES, Facts, outcome
from shared.sample import Outcome
from shared.wire.wire import FailureKind

DECISIVE: dict[Outcome, dict[str, object]] = {
    Outcome.DROPPED: {"failure": "not_sent"},
    Outcome.CANCELLED: {"failure": "cancelled"},
    Outcome.UNFINISHED: {"failure": "cancelled", "drained": True},
    Outcome.CONNECT_ERROR: {"failure": "connect_error"},
    Outcome.TIMEOUT_CONNECT: {"failure": "timeout_connect"},
    Outcome.DISCONNECTED: {"failure": "disconnected"},
    Outcome.RATE_LIMITED: {"status": 429},
    Outcome.REFUSED: {"refused": True},
    Outcome.NO_CREDIT: {"status": 402},
    Outcome.UPSTREAM_ERROR: {"status": 500},
    Outcome.PROTOCOL_ERROR: {"garbage": True},
    Outcome.ERROR_IN_200: {"error": True},
    Outcome.TIMEOUT_FIRST_TOKEN: {"failure": "timeout_first_token"},
    Outcome.TIMEOUT_IDLE: {"failure": "timeout_idle"},
    Outcome.TIMEOUT_TOTAL: {"failure": "timeout_total"},
    Outcome.TRUNCATED: {"whole": False},
    Outcome.EMPTY: {"whole": True},
    Outcome.NO_TEXT: {"whole": True, "reasoning": True},
    Outcome.OK: {"whole": True, "text": True},
}
"""For each outcome the least that makes it so."""


@pytest.mark.parametrize("expected", DECISIVE, ids=str)
def test_each_outcome_has_its_predicate(expected: Outcome) -> None:
    assert outcome(Facts(**DECISIVE[expected])) is expected  # type: ignore[arg-type]


def test_all_outcomes_of_a_sent_call_are_listed_in_order() -> None:
    expected = list(Outcome)
    assert [name for name, _ in OUTCOMES] == expected
    assert list(DECISIVE) == expected


def test_every_failure_of_the_wire_is_an_outcome_of_its_own() -> None:
    kinds = get_args(FailureKind)
    found = {kind: outcome(Facts(failure=kind)) for kind in kinds}
    renamed = {"not_sent": "dropped", "cut": "truncated"}
    assert found == {kind: renamed.get(kind, kind) for kind in kinds}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (first, second)
        for first, second in pairwise(DECISIVE)
        if not set(DECISIVE[first]) & set(DECISIVE[second])
    ],
)
def test_the_earlier_of_two_wins(first: Outcome, second: Outcome) -> None:
    both = DECISIVE[second] | DECISIVE[first]
    assert outcome(Facts(**both)) is first  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (300, Outcome.PROTOCOL_ERROR),
        (399, Outcome.PROTOCOL_ERROR),
        (400, Outcome.REFUSED),
        (401, Outcome.REFUSED),
        (402, Outcome.NO_CREDIT),
        (403, Outcome.REFUSED),
        (408, Outcome.UPSTREAM_ERROR),
        (428, Outcome.REFUSED),
        (429, Outcome.RATE_LIMITED),
        (430, Outcome.UPSTREAM_ERROR),
        (499, Outcome.UPSTREAM_ERROR),
        (529, Outcome.UPSTREAM_ERROR),
    ],
)
def test_a_status_decides_whatever_the_body_says(
    status: int, expected: Outcome
) -> None:
    facts = Facts(status=status, whole=True, text=True, error=True, failure="cut")
    assert outcome(facts) is expected


def test_length_before_any_text_is_no_text() -> None:
    facts = Facts(status=200, whole=True, finish_reason="length")
    assert outcome(facts) is Outcome.NO_TEXT
    assert outcome(facts._replace(text=True)) is Outcome.OK


def test_an_outcome_that_nobody_explains_has_a_sentence() -> None:
    assert Outcome.OK not in SENTENCES
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())
