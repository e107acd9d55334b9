"""All targets answer one prompt back to back; older plans keep their older order."""

import json
from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.plan import Plan, Work, read_plan, steps, work
from shared.plan.order import permuted

OLD = {"schema_version": 1}


def make(targets: int = 2, prompts: int = 3, **more: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": f"a/m{n}"} for n in range(targets)],
            "prompts": {"prompts": [f"Why {n}?" for n in range(prompts)]},
            **more,
        }
    )


def asked(plan: Plan, slots: int, step: int = 0) -> list[tuple[int, int, int]]:
    found = (work(plan, step, index) for index in range(slots))
    return [(each.repetition, each.prompt, each.target) for each in found]


def test_the_order_is_that_of_this_seed_for_ever() -> None:
    plan = make(order_seed=1, runs=2)
    # repetition, prompt, target: prompts in one order, and each of them in a row
    assert asked(plan, 12) == [
        *((0, 1, 0), (0, 1, 1), (0, 2, 1), (0, 2, 0), (0, 0, 1), (0, 0, 0)),
        *((1, 2, 1), (1, 2, 0), (1, 0, 1), (1, 0, 0), (1, 1, 1), (1, 1, 0)),
    ]
    # the prompts are those of a block of three; only its rows are new
    in_order = [permuted(1, 0, 0, 3, place) for place in range(3)]
    assert [prompt for _, prompt, _ in asked(plan, 6)[::2]] == in_order


@settings(deadline=None)
@given(
    st.integers(1, 7),
    st.sampled_from([1, 2, 5, 256, 257, 300]),
    st.integers(1, 3),
    st.integers(0, 2**53),
    st.integers(0, 9),
)
def test_each_target_answers_each_prompt_once_a_repetition_next_to_the_others(
    targets: int, prompts: int, runs: int, seed: int, step: int
) -> None:
    plan = Plan.model_validate(
        {
            "targets": [{"model": f"m{n}"} for n in range(targets)],
            "prompts": {"kind": "synthetic", "number": prompts},
            "order_seed": seed,
        }
    )
    seen = asked(plan, targets * prompts * runs, step)
    assert set(Counter(seen).values()) == {1}
    assert len(seen) == targets * prompts * runs
    for first in range(0, len(seen), targets):
        rows = seen[first : first + targets]
        assert len({(repetition, prompt) for repetition, prompt, _ in rows}) == 1
        assert {target for *_, target in rows} == set(range(targets))


def test_every_order_of_the_targets_is_as_likely_as_another() -> None:
    plan = make(targets=3, prompts=60)
    seen = asked(plan, 3 * 60 * 100)
    rows = [tuple(t for *_, t in seen[n : n + 3]) for n in range(0, len(seen), 3)]
    counts = Counter(rows)
    assert set(counts) == set(permutations(range(3)))
    # 6,000 rows, 1,000 of each order; sd 29
    assert all(880 < count < 1120 for count in counts.values())


def test_more_targets_than_are_shuffled_whole_stand_in_a_row_too() -> None:
    plan = make(targets=300, prompts=2)
    for row in (asked(plan, 600)[:300], asked(plan, 600)[300:]):
        assert {target for *_, target in row} == set(range(300))
        assert len({prompt for _, prompt, _ in row}) == 1


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({}, "adjacent"),
        ({"schema_version": 2}, "adjacent"),
        (OLD, "blocks"),
        (OLD | {"order": "adjacent"}, "adjacent"),
        ({"order": "blocks"}, "blocks"),
    ],
)
def test_a_plan_that_says_nothing_has_the_order_of_its_schema(
    said: dict[str, Any], order: str
) -> None:
    plan = make(**said)
    assert plan.order == order
    again = read_plan(plan.model_dump_json())
    assert (again, again.order) == (plan, order)


def test_a_stored_plan_of_the_first_schema_asks_what_it_asked() -> None:
    stored = json.loads(make().model_dump_json()) | OLD
    del stored["order"]
    plan = read_plan(json.dumps(stored))
    pairs = [permuted(0, 0, 0, 6, place) for place in range(6)]
    expected = [Work(pair % 2, pair // 2, 0) for pair in pairs]
    assert [work(plan, 0, index) for index in range(6)] == expected


def test_steps_have_orders_of_their_own() -> None:
    plan = make(prompts=20, load={"warmup": 4})
    assert [step.number for step in steps(plan)] == [0, 1]
    assert asked(plan, 40, step=0) != asked(plan, 40, step=1)
