"""Whatever numbers a plan has: if it is a plan, it has a size, due times and an end."""

from copy import deepcopy
from decimal import Decimal
from itertools import pairwise
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.analysis.summarize import summarize
from shared.errors import TooMuch
from shared.money import Price, budget_of
from shared.money.quote import quote
from shared.plan import (
    Finished,
    Plan,
    check_size,
    due_times,
    most_calls,
    next_step,
    problems,
    read_plan,
    total,
)
from shared.plan.loads import SHAPES
from shared.sample import Outcome, Sample
from shared.settings.settings import Settings

LIMITS = Settings(max_prompts=50)
CENT = Price(Decimal("0.01"), Decimal("0.01"), Decimal("0.01"))

STRANGE = [
    *(0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1e-308, 1e-300, 1e-100, 1e-12, 1e-9),
    *(0, 1, 2, 1e-6, 0.0001, 0.001, 0.5, 7.25, 1000, 86_400, 2_592_000, 1e6, 1e9, 1e10),
    *(2**53, 10**12, 1e15, 1e16, 1e300, 1e308, 1.7976931348623157e308, 10**400),
    *(-1, float("inf"), float("-inf"), float("nan")),
]

TIMES = {"count": 40, "duration_s": 30, "warmup": 2}
LOADS: list[dict[str, Any]] = [
    {"kind": "concurrency", "concurrency": 4, **TIMES},
    {"kind": "adaptive", "start_per_minute": 10, "max_per_minute": 20, **TIMES},
    {"kind": "constant", "rate_per_s": 3, "max_in_flight": 4, **TIMES},
    {"kind": "poisson", "rate_per_s": 3, "duration_s": 30},
    {"kind": "burst", "size": 3, "interval_s": 5, **TIMES},
    {"kind": "burst", "size": 3, "interval_s": 5, "duration_s": 30},
    {"kind": "ramp", "over": "rate", "start": 0, "end": 9, "duration_s": 30},
    {"kind": "ramp", "over": "rate", "start": 9, "end": 0.5, **TIMES},
    {"kind": "ramp", "over": "concurrency", "start": 1, "end": 9, **TIMES},
    {
        "kind": "stages",
        "stages": [
            {"kind": "poisson", "rate_per_s": 5, "duration_s": 10},
            {"kind": "burst", "size": 9, "interval_s": 2, "duration_s": 4},
            {"kind": "ramp", "over": "rate", "start": 9, "end": 1, "duration_s": 9},
        ],
    },
]
TOKENS: list[dict[str, Any]] = [
    {"kind": "fixed", "value": 20},
    {"kind": "uniform", "low": 10, "high": 20},
    {"kind": "normal", "mean": 20, "sd": 5, "low": 1, "high": 40},
    {"kind": "lognormal", "median": 20, "sigma": 0.7, "low": 1, "high": 40},
]
BASE: dict[str, Any] = {
    "targets": [{"model": "a/b"}],
    "prompts": {"prompts": ["Why?"]},
    "runs": 3,
    "max_tokens": 10,
    "temperature": 0.5,
    "seed": 1,
    "max_cost_usd": 5,
    "max_error_share": 0.5,
    "retries": {"max": 2, "backoff_s": 1},
    "slo": {"ttft_s": 1, "latency_s": 10},
}
PLANS: list[dict[str, Any]] = [
    *({**BASE, "load": load} for load in LOADS),
    *(
        {
            **BASE,
            "prompts": {
                "kind": "synthetic",
                "number": 3,
                "input_tokens": tokens,
                "output_tokens": tokens,
                "words_per_token": 0.75,
            },
        }
        for tokens in TOKENS
    ),
    {**BASE, "sweep": {"over": "concurrency", "values": [1, 2]}},
    {**BASE, "load": LOADS[3], "sweep": {"over": "rate", "values": [1, 2.5]}},
    {**BASE, "find": {"over": "concurrency", "low": 1, "high": 8, "goodput": 0.9}},
    {
        **BASE,
        "load": LOADS[2],
        "find": {"over": "rate", "low": 0.5, "high": 8, "resolution": 0.5},
    },
]


def test_there_is_a_plan_of_each_load_shape() -> None:
    kinds = {shape.model_fields["kind"].default for shape in SHAPES}
    assert {load["kind"] for load in LOADS} == kinds


def numbers(found: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the numbers of a plan are."""
    if isinstance(found, dict | list):
        items = found.items() if isinstance(found, dict) else enumerate(found)
        return [place for name, each in items for place in numbers(each, (*at, name))]
    return [at] if isinstance(found, int | float) else []


@st.composite
def plans(draw: DrawFn) -> dict[str, Any]:
    """A plan of which one number, or two, are strange."""
    made = deepcopy(draw(st.sampled_from(PLANS)))
    places = st.sampled_from(numbers(made))
    for place in draw(st.lists(places, min_size=1, max_size=2, unique=True)):
        inner = made
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = draw(st.sampled_from(STRANGE))
    return made


@pytest.mark.parametrize("asked", PLANS, ids=range(len(PLANS)))
def test_each_of_these_is_a_plan(asked: dict[str, Any]) -> None:
    Plan.model_validate(asked)


def finite(found: Any) -> bool:
    if isinstance(found, dict):
        return all(map(finite, found.values()))
    if isinstance(found, list):
        return all(map(finite, found))
    return not isinstance(found, float) or isfinite(found)


@settings(max_examples=500, deadline=None)
@given(plans())
def test_a_plan_that_validates_can_be_sized_quoted_run_and_reduced(
    asked: dict[str, Any],
) -> None:
    try:
        plan = Plan.model_validate(asked)
    except ValidationError:
        return
    assert read_plan(plan.model_dump_json()) == plan
    calls = most_calls(plan)
    assert calls is None or 0 <= calls < 10**30
    assert (total(plan) or 0) >= 0
    try:
        check_size(plan, LIMITS)
    except TooMuch:
        return
    assert isfinite(quoted(plan).takes_s)
    budget = budget_of(plan, LIMITS)
    assert budget is None or (budget.run_nano or 0) >= 1
    over: list[Finished] = []
    rows = []
    while (step := next_step(plan, over)) and len(over) < 4:
        times = due_times(plan, step)
        due = [s for s in (times.due(i) for i in range(50)) if s is not None]
        assert all(isfinite(s) and s >= 0 for s in due)
        assert all(a <= b for a, b in pairwise(due))
        assert isfinite(step.duration_s or 0)
        for at_s in (0.0, 1.0, step.duration_s or 0.0):
            assert 1 <= step.load.lanes(at_s) <= step.load.most_lanes()
        rows.append(row(step.number, due[0] if due else None))
        over.append(Finished(step.number, None if step.warmup else 1.0))
    summary = summarize(plan, rows)
    said = to_json(summary.model_dump(), inf_nan_mode="constants")
    assert finite(from_json(said))


def quoted(plan: Plan) -> Any:
    return quote(
        plan,
        [CENT],
        limits={},
        limits_of=[()],
        max_cost_usd=plan.max_cost_usd,
        mean_output_tokens={},
    )


def row(step: int, due_s: float | None) -> Sample:
    return Sample(
        step=step,
        slot=0,
        target=0,
        prompt=0,
        outcome=Outcome.OK,
        due_s=due_s,
        sent_s=1.0,
        first_token_s=1.2,
        last_token_s=1.9,
        ended_s=2.0,
        output_tokens=10,
        total_tokens=20,
        cost_usd=0.01,
    )


OVERFLOWING: list[tuple[dict[str, Any], str]] = [
    (
        {"load": {"kind": "burst", "size": 3, "interval_s": 1e-308, "duration_s": 60}},
        "load.interval_s",
    ),
    (
        {
            "load": {
                "kind": "ramp",
                "over": "rate",
                "start": 0,
                "end": 9,
                "duration_s": 5e-324,
            }
        },
        "load.duration_s",
    ),
    (
        {"load": {"kind": "constant", "rate_per_s": 5, "duration_s": 5e-324}},
        "load.duration_s",
    ),
    ({"max_cost_usd": 1e-12}, "max_cost_usd"),
]


@pytest.mark.parametrize(("fields", "path"), OVERFLOWING)
def test_what_would_overflow_is_no_plan(fields: dict[str, Any], path: str) -> None:
    asked = {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["Why?"]}}
    with pytest.raises(ValidationError) as refused:
        Plan.model_validate(asked | fields)
    assert [found for found, _ in problems(refused.value)] == [path]
