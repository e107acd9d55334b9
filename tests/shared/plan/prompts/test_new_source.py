"""A prompt source that exists in this file alone: what another one costs to add."""

from typing import Literal

import pytest
from pydantic import ValidationError

from shared.fields import Frozen, Whole, tagged
from shared.plan import Plan, check_size, plan_json, problems, steps, work
from shared.plan.prompts import SOURCES, Prompt, Source
from shared.settings import Settings


class Sums(Frozen):
    """Sums to work out."""

    kind: Literal["sums"] = "sums"
    number: Whole

    def count(self) -> int:
        return self.number

    def prompt(self, index: int) -> Prompt:
        return Prompt(prompt=f"What is {index} + {index}?")

    def over(self, cap_bytes: int) -> tuple[int, int] | None:
        return None

    def made_bytes(self) -> int:
        return 20 * self.number


WITH_SUMS: tuple[type[Source], ...] = (*SOURCES, Sums)


class WithSums(Plan):
    """The plan, had the name of the source been in SOURCES."""

    prompts: tagged(WITH_SUMS)


def make(**prompts: object) -> WithSums:
    fields = {"prompts": {"kind": "sums"} | prompts, "targets": [{"model": "a/x"}]}
    return WithSums.model_validate(fields | {"runs": 1})


def test_a_new_source_is_asked_by_every_slot() -> None:
    plan = make(number=3)
    (step,) = steps(plan)
    asked = [plan.prompts.prompt(work(plan, 0, slot).prompt) for slot in range(3)]
    assert step.count == 3
    assert {prompt.prompt for prompt in asked} == {
        "What is 0 + 0?", "What is 1 + 1?", "What is 2 + 2?"
    }  # fmt: skip
    check_size(plan, Settings())
    assert WithSums.model_validate_json(plan_json(plan)) == plan


def test_what_is_wrong_with_a_new_source_is_told_by_its_field() -> None:
    with pytest.raises(ValidationError) as refused:
        make(number="many")
    ((path, _),) = problems(refused.value)
    assert path == "prompts.number"
