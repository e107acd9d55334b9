"""Whom a plan asks."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.fields import Frozen
from shared.plan.input.lists import IN_PIECES, at_most
from shared.plan.model_id import ModelId, Name

MOST_TARGETS = 10_000
"""In any plan; MAX_TARGETS says how many this server takes."""


class Target(Frozen):
    """A model, perhaps pinned to one provider of it."""

    model: ModelId = Field(examples=["acme/orca-70b-instruct:free"])
    provider: Name | None = Field(
        default=None,
        max_length=100,
        description="Only this provider, without fallbacks (OpenRouter's slug).",
        examples=["acme/fp8"],
    )

    def label(self) -> str:
        """The name that people see: the model, and the provider when pinned."""
        return f"{self.model}@{self.provider}" if self.provider else self.model


def _each_once(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    named = dict[str, Target]()
    for target in targets:
        label = target.label()
        if named.get(label) == target:
            raise ValueError(f"{label} is named twice; name each target once")
        if label in named:
            raise ValueError(
                f"two targets would be shown as {label}, a model and a model at a"
                " provider; ask them in two benchmarks"
            )
        named[label] = target
    return targets


Targets = Annotated[
    tuple[Target, ...],
    Field(min_length=1, max_length=MOST_TARGETS),
    IN_PIECES,
    at_most(MOST_TARGETS),
    AfterValidator(_each_once),
]
