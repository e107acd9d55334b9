"""Whom a plan asks, and with which options of its own."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.extras import Extra
from shared.plan.input.lists import IN_PIECES, at_most
from shared.plan.model_id import ModelId, Name
from shared.plan.prompts.prompt import MaxTokens
from shared.plan.targets.routing import Routing
from shared.plan.targets.upstream import PARTS, UpstreamName
from shared.settings import DEFAULT

MOST_TARGETS = 10_000
"""In any plan; MAX_TARGETS says how many this server takes."""

Temperature = Annotated[float, Field(ge=0, le=2), NOT_A_BOOL]


def _no_blanks_around(name: str) -> str:
    if name != name.strip():
        raise ValueError("it begins or ends with a blank; leave that out")
    return name


def _all_or_so_many(providers: object) -> object:
    """In one sentence, and not in one for each part of the union."""
    so_many = type(providers) is int and 1 <= providers <= MOST_TARGETS
    if providers not in (None, "all") and not so_many:
        raise ValueError(
            f"'all', or a number from 1 to {MOST_TARGETS:,}: so many of the cheapest"
        )
    return providers


class Target(Frozen):
    """A model, perhaps pinned to one provider of it, and its options: they win over
    those of the plan, and over a prompt's."""

    model: ModelId = Field(examples=["acme/orca-70b-instruct:free"])
    upstream: UpstreamName = None
    provider: Name | None = Field(
        default=None,
        max_length=100,
        description="Only this provider, without fallbacks (OpenRouter's slug).",
        examples=["acme/fp8"],
    )
    providers: Annotated[
        Literal["all"] | Annotated[int, Field(ge=1, le=MOST_TARGETS)] | None,
        BeforeValidator(_all_or_so_many),
    ] = Field(
        default=None,
        exclude_if=lambda providers: providers is None,
        description="In place of `provider`: a target for each healthy provider of the"
        " model, or for so many of them, the cheapest first. They are looked up when"
        " the benchmark is queued; its stored plan has the targets.",
        examples=["all"],
    )
    name: Annotated[Name, AfterValidator(_no_blanks_around)] | None = Field(
        default=None,
        max_length=100,
        description="How it is shown, everywhere. None: as whom it asks,"
        " [UPSTREAM::]MODEL[@PROVIDER].",
        examples=["orca, short answers"],
    )
    routing: Routing | None = Field(
        default=None,
        description="What is said to OpenRouter's router.",
        examples=[{"sort": "throughput"}],
    )
    max_tokens: MaxTokens | None = Field(
        default=None, description="The longest answer of this target.", examples=[256]
    )
    temperature: Temperature | None = Field(
        default=None, description="Of this target.", examples=[0]
    )
    extra: Extra = Field(default_factory=dict)
    unique_prefix: bool | None = Field(
        default=None,
        exclude_if=lambda unique: unique is None,
        description="Of this target: whether a unique line stands before each prompt."
        " Beside a target without one it shows what a prompt cache does.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _one_word_on_providers(self) -> Self:
        if self.provider and self.providers:
            raise ValueError("give `provider` for one, or `providers` for several")
        pinned = self.provider or self.providers
        if pinned and self.routing:
            raise ValueError(
                "a target that is pinned to a `provider` leaves nothing to route; leave"
                " `routing` out, or the provider"
            )
        if "provider" in self.extra and (pinned or self.routing):
            said = "routing" if self.routing else "provider"
            raise ValueError(
                f"'provider' cannot stand in `extra` beside `{said}`, which says it"
            )
        return self

    def pinned_to(self, provider: str) -> "Target":
        """One of its `providers`; what has a name gets one of its own."""
        name = self.name and f"{self.name}@{provider}"
        pin = {"provider": provider, "providers": None, "name": name}
        return self.model_copy(update=pin)

    def label(self) -> str:
        """The name that people see: its own, or else whom it asks."""
        return self.name or self.asks

    @property
    def asks(self) -> str:
        """Whom it asks, whatever it is called: the upstream where it is a named one,
        the model, and the provider where it is pinned. Two targets of a plan may ask
        the same with other options."""
        model = f"{self.upstream}{PARTS}{self.model}" if self.upstream else self.model
        if self.providers:
            return f"{model} at {self.providers} providers"
        return f"{model}@{self.provider}" if self.provider else model

    @property
    def at(self) -> str:
        """The name of its upstream."""
        return self.upstream or DEFAULT


def _each_once(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    named = dict[str, Target]()
    for target in targets:
        label = target.label()
        if named.get(label) == target:
            raise ValueError(f"{label} is named twice; name each target once")
        if label in named:
            raise ValueError(
                f"two targets would be shown as {label}; give one of them a `name` of"
                " its own"
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
