"""`until`: a step to each look, which asks what one long step would have asked."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.plan import (
    Finished,
    Plan,
    is_measured,
    look_of,
    next_step,
    problems,
    read_plan,
    steps,
    total,
    work,
)

UNTIL = {"decided": ["ttft"], "margin": 0.05}
POISSON = {"kind": "poisson", "rate_per_s": 1}


def make(targets: int = 2, prompts: int = 41, **more: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": f"a/m{n}"} for n in range(targets)],
            "prompts": {"kind": "synthetic", "number": prompts},
            "runs": 1,
            "until": UNTIL,
            **more,
        }
    )


def brief(plan: Plan) -> list[tuple[int, str, int | None, int | None]]:
    return [(s.number, s.name, s.count, look_of(plan, s)) for s in steps(plan)]


def test_the_run_has_a_step_to_each_look() -> None:
    # 41 pairs: half of them, rounded up, are 21; three quarters 31
    assert brief(make()) == [
        (0, "look 1", 42, 1),
        (1, "look 2", 20, 2),
        (2, "look 3", 20, 3),
    ]
    assert total(make()) == 82


def test_a_warm_up_comes_before_the_first_look_alone() -> None:
    plan = make(targets=3, load={"warmup": 5})
    assert brief(plan) == [
        (0, "warm-up", 5, None),
        (1, "look 1", 63, 1),
        (2, "look 2", 30, 2),
        (3, "look 3", 30, 3),
    ]
    assert [is_measured(plan, step) for step in steps(plan)] == [
        *(False, True, True),
        False,  # after it there is no step that could be left out
    ]
    assert total(plan) == 123


@settings(deadline=None)
@given(
    st.integers(2, 5),
    st.integers(24, 90),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(0, 400),
)
def test_looking_changes_nothing_of_what_is_asked(
    targets: int, prompts: int, runs: int, warmup: int, count: int
) -> None:
    load = {"warmup": warmup}
    if count >= 24 * targets:
        load["count"] = count
    plan = make(targets, prompts, runs=runs, load=load)
    plain = plan.model_copy(update={"until": None})
    main = steps(plain)[-1]
    parts = [step for step in steps(plan) if not step.warmup]
    assert sum(step.count or 0 for step in parts) == main.count
    asked = [
        work(plan, step.number, index)
        for step in parts
        for index in range(step.count or 0)
    ]
    expected = [work(plain, main.number, index) for index in range(main.count or 0)]
    assert asked == expected
    # no pair is cut by a look
    assert all((step.count or 0) % targets == 0 for step in parts[:-1])


def test_the_run_is_over_after_the_look_that_decides() -> None:
    plan = make()
    step = next_step(plan, [Finished(0)])
    assert step is not None
    assert step.name == "look 2"
    assert next_step(plan, [Finished(0), Finished(1, decided=True)]) is None
    assert next_step(plan, [Finished(0), Finished(1), Finished(2)]) is None


@pytest.mark.parametrize(
    ("until", "share"),
    [({"margin": "5%"}, 0.05), ({"margin": " 2.5 %"}, 0.025), ({}, 0.05)],
)
def test_a_margin_may_be_a_percentage(until: dict[str, Any], share: float) -> None:
    plan = make(until={"decided": ["ttft", "ttft"], **until})
    assert plan.until is not None
    assert plan.until.margin == pytest.approx(share)
    assert plan.until.decided == ("ttft",)
    assert read_plan(plan.model_dump_json()) == plan


def test_a_budget_in_it_is_that_of_the_plan() -> None:
    plan = make(until={**UNTIL, "max_cost_usd": 2})
    assert plan == make(max_cost_usd=2)
    assert "max_cost_usd" not in plan.model_dump()["until"]
    with pytest.raises(ValidationError, match="one budget"):
        make(until={**UNTIL, "max_cost_usd": 2}, max_cost_usd=3)


@pytest.mark.parametrize(
    ("fields", "path", "said"),
    [
        ({"targets": 1}, "until", "one target"),
        ({"load": POISSON | {"count": 100}}, "until", "kind concurrency"),
        ({"load": {"duration_s": 9}}, "until", "without `duration_s`"),
        ({"load": {"count": 46}}, "until", "23 pairs are planned, and it takes 24"),
        ({"prompts": 2, "runs": 11}, "until", "22 pairs"),
        ({"order": "blocks"}, "until", "order: adjacent"),
        ({"stream": False}, "until", "ttft is not known"),
        (
            {"sweep": {"over": "concurrency", "values": [1, 2]}},
            "until",
            "leave one of both out",
        ),
        ({"until": {"decided": []}}, "until.decided", "at least 1"),
        ({"until": {"decided": ["speed"]}}, "until.decided[0]", "'ttft'"),
        ({"until": UNTIL | {"margin": 0}}, "until.margin", "greater than"),
        ({"until": UNTIL | {"margin": "x%"}}, "until.margin", "number"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    fields: dict[str, Any], path: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make(**fields)
    (problem,) = problems(refused.value)
    assert problem[0] == path
    assert said in problem[1]
