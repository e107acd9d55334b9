"""Which failures a plan may have made again."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.plan import Plan, most_calls, problems, read_plan
from shared.plan.retries import NEVER, USUAL
from shared.sample import Outcome


def make(**fields: Any) -> Plan:
    asked = {"targets": [{"model": "a/x"}], "prompts": {"prompts": ["one", "two"]}}
    return Plan.model_validate(asked | fields)


def test_a_plan_retries_nothing_unless_it_says_so() -> None:
    assert make().retries is None


def test_what_often_passes_is_retried_twice_after_a_second() -> None:
    retries = make(retries={}).retries
    assert retries is not None
    assert (retries.max, retries.backoff_s, retries.on) == (2, 1.0, USUAL)
    assert not set(USUAL) & set(NEVER)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - set(NEVER)))
def test_every_other_failure_can_be_retried(outcome: Outcome) -> None:
    plan = make(retries={"on": [outcome]})
    assert read_plan(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("retries", "path", "sentence"),
    [
        ({"on": ["ok"]}, "retries.on[0]", "ok is never retried: it is no failure"),
        ({"on": ["empty", "dropped"]}, "retries.on[1]", "it was never sent"),
        ({"on": ["cancelled"]}, "retries.on[0]", "it was cut by us"),
        ({"on": ["unfinished"]}, "retries.on[0]", "its time is over"),
        ({"on": ["refused"]}, "retries.on[0]", "asking again gives the same"),
        ({"on": ["no_credit"]}, "retries.on[0]", "leave it out of `on`"),
        ({"on": ["slow"]}, "retries.on[0]", "Input should be 'dropped'"),
        ({"on": []}, "retries.on", "at least 1 item"),
        ({"max": 0}, "retries.max", "greater than or equal to 1"),
        ({"max": 11}, "retries.max", "less than or equal to 10"),
        ({"max": True}, "retries.max", "not numbers"),
        ({"backoff_s": 0}, "retries.backoff_s", "greater than 0"),
        ({"backoff_s": 61}, "retries.backoff_s", "less than or equal to 60"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    retries: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make(retries=retries)
    (problem,) = problems(refused.value)
    assert problem[0] == path
    assert sentence in problem[1]


def test_each_slot_may_need_all_its_retries() -> None:
    # 2 prompts x 5 runs, and a warm-up of 3: 13 slots, each with up to 4 attempts
    load = {"kind": "concurrency", "warmup": 3}
    assert most_calls(make(load=load)) == 13
    assert most_calls(make(load=load, retries={"max": 3})) == 52
    # a search of at most 4 steps: 10 slots each, twice
    find = {"over": "concurrency", "low": 1, "high": 4, "max_steps": 4}
    searched = make(find=find, slo={"latency_s": 1}, retries={"max": 1})
    assert most_calls(searched) == 80
