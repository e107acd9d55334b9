"""What follows from a plan: its steps, their order, what a slot asks and when."""

import tracemalloc
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.plan import (
    Finished,
    Plan,
    Step,
    Work,
    due_times,
    most_calls,
    next_step,
    steps,
    total,
    work,
)
from shared.plan.steps import found

SWEEP = {"over": "concurrency", "values": [1, 4, 2]}
FIND = {"over": "concurrency", "low": 1, "high": 8}


def make(**fields: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "a/x"}, {"model": "a/y", "provider": "p"}],
            "prompts": {"prompts": ["one", "two", "three"]},
        }
        | fields
    )


def brief(step: Step | None) -> tuple[object, ...] | None:
    if step is None:
        return None
    return (step.number, step.name, step.count, step.duration_s, step.warmup)


def walk(plan: Plan, goodputs: dict[str, float] | None = None) -> list[Step]:
    """The steps that a caller runs who only ever asks for the next one."""
    finished: list[Finished] = []
    seen: list[Step] = []
    while (step := next_step(plan, finished)) is not None:
        seen.append(step)
        goodput = None if step.warmup else (goodputs or {}).get(step.name, 0.0)
        finished.append(Finished(step.number, goodput))
        assert len(seen) < 200
    return seen


def test_a_plain_plan_is_one_step_of_everything_it_asks() -> None:
    plan = make(runs=4)
    # 2 targets x 3 prompts x 4 runs
    assert [brief(step) for step in steps(plan)] == [(0, "main", 24, None, False)]
    assert total(plan) == 24


def test_a_plan_of_one_pair_asks_it_again_and_again() -> None:
    plan = make(targets=[{"model": "a/x"}], prompts={"prompts": ["one"]}, runs=3)
    assert [work(plan, 0, index) for index in range(3)] == [
        *(Work(0, 0, 0), Work(0, 0, 1), Work(0, 0, 2)),
    ]


def test_a_warm_up_comes_first_and_is_not_in_the_total() -> None:
    plan = make(load={"warmup": 5, "count": 10})
    assert [brief(step) for step in steps(plan)] == [
        (0, "warm-up", 5, None, True),
        (1, "main", 10, None, False),
    ]
    assert total(plan) == 10
    assert most_calls(plan) == 15


def test_total_is_unknown_while_only_time_ends_the_run() -> None:
    plan = make(load={"duration_s": 10})
    assert total(plan) is None
    assert most_calls(plan) is None
    both = make(load={"duration_s": 10, "count": 7})
    assert total(both) == 7


@pytest.mark.parametrize(
    ("load", "slots"),
    [
        # 10 s at a mean rate of 1.5: the integral of the rate is 15
        ({"kind": "ramp", "over": "rate", "start": 1, "end": 2}, 15),
        ({"kind": "ramp", "over": "rate", "start": 1, "end": 2, "count": 9}, 9),
        ({"kind": "ramp", "over": "concurrency", "start": 1, "end": 2}, None),
        # at 0, 0.4, 0.8 ... 9.6
        ({"kind": "constant", "rate_per_s": 2.5}, 25),
        # at 0, 4 and 8
        ({"kind": "burst", "size": 7, "interval_s": 4}, 21),
    ],
)
def test_due_times_before_the_end_tell_the_total(
    load: dict[str, Any], slots: int | None
) -> None:
    assert total(make(load=load | {"duration_s": 10, "warmup": 3})) == slots


def test_the_total_of_random_due_times_is_that_of_these_due_times() -> None:
    plan = make(load={"kind": "poisson", "rate_per_s": 5, "duration_s": 60})
    times = due_times(plan, steps(plan)[0])
    slots = total(plan)
    assert slots is not None
    assert times.due(slots - 1) is not None
    assert times.due(slots) is None


def test_a_total_that_takes_too_long_to_count_is_unknown() -> None:
    plan = make(load={"kind": "constant", "rate_per_s": 10_000, "duration_s": 3600})
    assert total(plan) is None


def test_a_warm_up_ends_with_the_duration_of_its_load() -> None:
    plan = make(
        load={
            "kind": "ramp", "over": "rate", "start": 2, "end": 0, "duration_s": 10,
            "warmup": 500,
        }
    )  # fmt: skip
    warm, main = steps(plan)
    assert (warm.duration_s, main.duration_s) == (10, 10)
    # The ramp has 10 slots: asking for 500 finds an end.
    assert due_times(plan, warm).due(9) is not None
    assert due_times(plan, warm).due(10) is None


def test_a_sweep_is_a_step_per_value_in_the_order_given() -> None:
    plan = make(sweep=SWEEP, runs=2)
    assert [brief(step) for step in steps(plan)] == [
        (0, "concurrency 1", 12, None, False),
        (1, "concurrency 4", 12, None, False),
        (2, "concurrency 2", 12, None, False),
    ]
    assert [step.load.most_lanes() for step in steps(plan)] == [1, 4, 2]
    assert total(plan) == 36


def test_a_sweep_warms_up_before_each_value() -> None:
    plan = make(
        load={"kind": "poisson", "rate_per_s": 1, "count": 9, "warmup": 2},
        sweep={"over": "rate", "values": [0.5, 3]},
    )
    assert [brief(step) for step in steps(plan)] == [
        (0, "warm-up, rate 0.5", 2, None, True),
        (1, "rate 0.5", 9, None, False),
        (2, "warm-up, rate 3", 2, None, True),
        (3, "rate 3", 9, None, False),
    ]
    assert [getattr(step.load, "rate_per_s", None) for step in steps(plan)] == [
        0.5, 0.5, 3, 3
    ]  # fmt: skip
    assert total(plan) == 18
    assert most_calls(plan) == 22


@pytest.mark.parametrize("warmup", [0, 3])
@pytest.mark.parametrize("sweep", [None, SWEEP])
def test_next_step_gives_the_known_steps_and_then_none(
    warmup: int, sweep: dict[str, object] | None
) -> None:
    plan = make(load={"warmup": warmup}, sweep=sweep)
    assert walk(plan) == list(steps(plan))
    assert found(plan, []) is None


@pytest.mark.parametrize("warmup", [0, 3])
def test_a_search_goes_where_the_goodput_sends_it(warmup: int) -> None:
    plan = make(load={"warmup": warmup}, slo={"ttft_s": 1}, find=FIND)
    good = {f"concurrency {value}": 1.0 for value in (1, 2, 4, 5)}
    seen = walk(plan, good)
    assert [step.name for step in seen if not step.warmup] == [
        f"concurrency {value}" for value in (1, 2, 4, 8, 6, 5)
    ]
    assert [step.number for step in seen] == list(range(len(seen)))
    assert len(seen) == (12 if warmup else 6)
    for step in seen:
        assert step.name.endswith(f"concurrency {step.load.most_lanes()}")
    assert list(steps(plan)) == seen[: 2 if warmup else 1]
    assert total(plan) is None
    done = [
        Finished(step.number, None if step.warmup else good.get(step.name, 0.0))
        for step in seen
    ]
    state = found(plan, done)
    assert state is not None
    assert (state.passing, state.failing, state.next) == (5, 6, None)


def test_a_search_whose_low_fails_is_over_after_it() -> None:
    plan = make(load={"warmup": 1}, slo={"latency_s": 1}, find=FIND)
    assert [step.name for step in walk(plan)] == [
        "warm-up, concurrency 1",
        "concurrency 1",
    ]


@pytest.mark.parametrize("numbers", [[1], [0, 2], [1, 0], [0, 0]])
def test_finished_steps_out_of_order_are_refused(numbers: list[int]) -> None:
    finished = [Finished(number, 1.0) for number in numbers]
    for plan in (make(sweep=SWEEP), make(slo={"ttft_s": 1}, find=FIND)):
        with pytest.raises(ValueError, match="not all from 0 on"):
            next_step(plan, finished)


# Slots


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 400),
    st.integers(0, 2**53),
    st.sampled_from(["adjacent", "blocks"]),
)
def test_a_block_asks_each_pair_once(
    targets: int, prompts: int, seed: int, order: str
) -> None:
    plan = make(
        targets=[{"model": f"m{n}"} for n in range(targets)],
        prompts={"kind": "synthetic", "number": prompts},
        order_seed=seed,
        order=order,
    )
    pairs = targets * prompts
    for block in (0, 3):
        asked = [work(plan, 0, block * pairs + place) for place in range(pairs)]
        assert {each.repetition for each in asked} == {block}
        assert Counter((each.target, each.prompt) for each in asked) == Counter(
            (target, prompt) for target in range(targets) for prompt in range(prompts)
        )


def test_in_blocks_targets_are_interleaved_at_random() -> None:
    plan = make(prompts={"kind": "synthetic", "number": 200}, order="blocks")
    order = [work(plan, 0, index).target for index in range(400)]
    changes = sum(a != b for a, b in pairwise(order))
    # Fair coins change 199 times of 399; sd 10.
    assert 150 < changes < 250


def test_a_slot_a_million_pairs_in_costs_no_memory() -> None:
    plan = make(prompts={"kind": "synthetic", "number": 500_000})
    work(plan, 0, 0)
    tracemalloc.start()
    seen = {work(plan, 0, index) for index in range(0, 3_000_000, 3001)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == 1000
    assert peak < 2_000_000


def test_due_times_depend_on_the_seed_and_the_step() -> None:
    load = {"kind": "poisson", "rate_per_s": 5, "count": 9, "warmup": 9}
    warm, main = steps(make(load=load))
    plan, other = make(load=load), make(load=load, order_seed=1)
    times = [
        [due_times(*each).due(index) for index in range(10)]
        for each in ((plan, warm), (plan, main), (other, main), (plan, main))
    ]
    assert times[1] == times[3]
    assert len({tuple(each) for each in times}) == 3
    assert all(each[9] is None and each[8] is not None for each in times)
