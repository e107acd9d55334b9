"""Which answers are judged, and what their rows say afterwards."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shared.opinion import (
    Opinion,
    Unasked,
    is_judged,
    judge_targets,
    judged,
    judges_of,
    judging,
    kept_of,
    quick_checks_of,
    warmups,
)
from shared.opinion.record import MOST_BYTES
from shared.plan import Plan
from shared.sample import Outcome, Sample, encode

KIND = {"rubric": "Is it kind?", "model": "a/judge", "name": "kind"}
TRUE = {"rubric": "Is it true?", "model": "b/judge", "name": "true"}
SHORT = {"max_words": 3}


def plan(*checks: dict[str, Any], warmup: int = 0) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "x/y"}],
            "prompts": {"prompts": ["a", {"prompt": "b", "checks": [TRUE]}]},
            "load": {"concurrency": 1, "warmup": warmup},
            "checks": checks,
        }
    )


BOTH = plan(SHORT, KIND)
ROW = Sample(step=0, slot=3, target=0, prompt=1, outcome=Outcome.OK, passed=True)


def said(judge: int, word: Any, **more: Any) -> Opinion:
    return Opinion(step=0, slot=3, judge=judge, name="", model="", word=word, **more)


def after(*opinions: Opinion, row: Sample = ROW, why: str = "") -> Sample:
    by_place = {each.place: each for each in opinions}
    unasked = Unasked({(0, 3, 0)}, why)
    (found,) = judged(BOTH, [encode(row)], by_place, unasked, Counter(), Counter())
    return found


def test_quick_checks_and_judges_are_told_apart() -> None:
    assert [each.kind for each in quick_checks_of(BOTH, 1)] == ["max_words"]
    assert [each.name for each in judges_of(BOTH, 0)] == ["kind"]
    assert [each.name for each in judges_of(BOTH, 1)] == ["kind", "true"]
    assert [each.asks for each in judge_targets(BOTH)] == ["a/judge", "b/judge"]
    assert [each.asks for each in judge_targets(plan())] == ["b/judge"]


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({}, True),
        ({"passed": None}, True),  # without quick checks
        ({"passed": False, "failed_check": "max_words"}, False),
        ({"passed": None, "failed_check": "regex"}, False),
        ({"outcome": Outcome.TRUNCATED, "passed": None}, False),
    ],
)
def test_judges_are_asked_about_answers_that_were_well_so_far(
    changes: dict[str, Any], is_asked: bool
) -> None:
    assert is_judged(BOTH, replace(ROW, **changes), warmups(BOTH)) is is_asked


def test_nobody_is_asked_about_a_warm_up() -> None:
    warm = plan(KIND, warmup=2)
    assert warmups(warm) == (True, False)
    assert not is_judged(warm, ROW, warmups(warm))
    assert is_judged(warm, replace(ROW, step=1), warmups(warm))


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("yes", "yes"), (True, None)),
        (("yes", "no"), (False, "true")),
        (("no",), (False, "kind")),
        ((None, "no"), (False, "true")),
        ((None, "yes"), (None, "kind")),
        (("yes",), (None, "true")),
        ((), (None, "kind")),
    ],
)
def test_a_row_says_what_all_of_its_judges_say_together(
    words: tuple[str | None, ...], verdict: tuple[bool | None, str | None]
) -> None:
    found = after(*(said(place, word) for place, word in enumerate(words)))
    assert (found.passed, found.failed_check) == verdict


def test_what_failed_before_stays_as_it_is() -> None:
    row = replace(ROW, passed=False, failed_check="max_words")
    assert after(said(0, "yes"), said(1, "yes"), row=row) == row


@pytest.mark.parametrize(
    ("kept", "why", "missing"),
    [
        ({(0, 3, 0)}, "budget", {(0, "budget"): 2}),
        ((), "budget", {(0, "not_kept"): 2}),
    ],
)
def test_what_was_not_asked_is_counted_by_its_reason(
    kept: Any, why: str, missing: dict[tuple[int, str], int]
) -> None:
    found, answers = Counter[tuple[int, str]](), Counter[int]()
    rows = [encode(ROW), encode(replace(ROW, outcome=Outcome.EMPTY, passed=None))]
    [*judged(BOTH, rows, {}, Unasked(kept, why), found, answers)]
    assert found == missing
    assert answers == {0: 1}


def test_what_judging_came_to() -> None:
    opinions = [
        said(0, "yes", cost_usd=0.25),
        said(1, "no", cost_usd=0.5, calls=2),
        said(0, None, why="rate_limited", calls=3),
    ]
    found = judging(4, opinions, {"budget": 2, "rate_limited": 1})
    assert (found.answers, found.calls, found.yes, found.no) == (4, 6, 1, 1)
    assert found.unknown == {"budget": 2, "rate_limited": 2}
    assert found.cost_usd == 0.75
    assert judging(0, [], {}).cost_usd is None


@pytest.mark.parametrize(
    ("text", "cut", "is_whole"),
    [
        ("a", False, True),
        ("a", True, False),
        ("", False, False),
        ("a" * MOST_BYTES, False, True),
        ('"' * MOST_BYTES, False, False),  # quoted it has twice as many bytes
    ],
)
def test_an_answer_is_judged_whole_or_not_at_all(
    text: str, cut: bool, is_whole: bool
) -> None:
    from pydantic_core import to_json

    kept = {"step": 0, "slot": 3, "attempt": 1, "text": text, "cut": cut}
    found = kept_of(to_json(kept))
    assert (found.place, found.is_whole) == ((0, 3, 1), is_whole)
