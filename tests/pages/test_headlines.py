"""A run's line in the list, the picture of a load, how numbers are written: pure."""

import doctest
from typing import Any

import pytest
from starlette.datastructures import Headers

from api.pages import headlines, shape
from api.pages.shell import words
from api.pages.shell.browser import asks_for_a_page
from api.parts.newest import Seen
from shared.plan import Plan


def _target(name: str, ttft_s: float | None, latency_s: float) -> dict[str, Any]:
    def p50(point: float | None) -> dict[str, Any]:
        return {"p50": {"point": point, "low": 0.1, "high": 0.3, "supported": True}}

    return {"target": name, "ttft": p50(ttft_s), "latency": p50(latency_s)}


def test_the_headline_is_of_the_target_that_answers_soonest() -> None:
    slow, fast = _target("a/slow", 0.4, 1.0), _target("a/fast", 0.2, 2.0)
    made = headlines.of_result({"targets": [slow, fast], "calls_over_time": [0, 2, 4]})
    assert (made.metric, made.who) == ("ttft", "a/fast")
    assert made.figure == headlines.Figure(0.2, 0.1, 0.3)
    # 40 slices would be 2.6 apart; three are 50 apart, and the highest is 18 high
    assert made.points() == "0.0,22.0 50.0,13.0 100.0,4.0"


def test_what_was_not_streamed_is_told_by_the_whole_call() -> None:
    made = headlines.of_result({"targets": [_target("a/b", None, 1.5)]})
    assert (made.metric, made.who, made.points()) == ("latency", None, "")
    assert made.figure is not None
    assert made.figure.point == 1.5


@pytest.mark.parametrize("result", [{}, {"targets": []}, {"avg": 1.0, "targets": None}])
def test_a_result_that_says_little_has_no_headline(result: dict[str, Any]) -> None:
    assert headlines.of_result(result).figure is None


def test_a_run_that_goes_on_fills_a_part_of_its_line() -> None:
    rows = [
        Seen(0, 0, 0, "ok", True, None, 0.1, 0.2, float(at), at + 1.0)
        for at in range(4)
    ]
    made = headlines.of_live(None, rows, 0.1)  # a tenth of 40 slices
    assert made.calls_over_time == (0, 1, 1, 2)  # ends at 1, 2, 3 and 4 of 4 s
    assert made.points().endswith("10.0,4.0")


def _plan(**more: Any) -> Plan:
    said = {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["?"]}, **more}
    return Plan.model_validate(said)


def test_the_picture_has_the_due_times_that_the_run_will_have() -> None:
    [drawn] = shape.shape(_plan(runs=4, load={"kind": "constant", "rate_per_s": 2}))
    assert drawn["due_s"] == [0.0, 0.5, 1.0, 1.5]
    assert (drawn["count"], drawn["until_s"]) == (4, 1.5)


def test_the_picture_of_a_sweep_has_a_step_for_each_value() -> None:
    sweep = {"over": "concurrency", "values": [1, 4]}
    drawn = shape.shape(_plan(sweep=sweep))
    assert [each["open"][0][1] for each in drawn] == [1, 4]


def test_a_load_that_lasts_is_drawn_as_far_as_a_picture_goes() -> None:
    load = {"kind": "constant", "rate_per_s": 1000, "duration_s": 3600}
    [drawn] = shape.shape(_plan(load=load))
    assert len(drawn["due_s"]) == shape.MOST_DUE


def test_numbers_are_written_as_the_examples_say() -> None:
    assert doctest.testmod(words).failed == 0


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=0", False),
        ("text/html;q=much", False),
    ],
)
def test_who_names_html_is_given_a_page(accept: str, expected: bool) -> None:
    assert asks_for_a_page(Headers({"accept": accept})) is expected
