"""The plan: everything needed to do a benchmark again.

Frozen, without secrets, unknown fields refused. What follows from a plan - its steps,
what a slot asks and when it is due, its size - are pure functions of it, in
`shared.plan.steps` and `shared.plan.size`; they can be had from here too.
"""

from typing import Annotated, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import from_json

from shared.errors import BadPlan, NewerRecord
from shared.fields import MOST, NOT_A_BOOL, Frozen, Seed, Whole
from shared.plan.extras import PRICED, Extra, ExtraHeaders
from shared.plan.loads import Concurrency, Load
from shared.plan.loads.find import Find
from shared.plan.loads.sweep import Sweep, check_load
from shared.plan.model_id import ModelId, Name
from shared.plan.problems import field_path, problems
from shared.plan.prompts import PromptSource
from shared.plan.prompts.prompt import MaxTokens, Text
from shared.plan.retries import Retries
from shared.plan.size import check_size, most_calls
from shared.plan.slo import STREAMED, Slo
from shared.plan.steps import (
    Finished,
    Step,
    Work,
    due_times,
    found,
    next_step,
    steps,
    total,
    work,
)
from shared.sequences import IN_PIECES, at_most

SCHEMA = 1

MOST_TARGETS = 10_000
"""In any plan; MAX_TARGETS says how many this server takes."""

KeepAnswers = Literal["first", "none", "all"]
MaxTokensField = Literal["auto", "max_tokens", "max_completion_tokens", "none"]
OnOutage = Literal["wait", "count"]


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


class Plan(Frozen):
    """What to ask of whom, how often, under which load, and what is good enough."""

    schema_version: Whole = Field(
        default=SCHEMA, ge=1, description="Of this record.", examples=[SCHEMA]
    )
    targets: Annotated[
        tuple[Target, ...],
        Field(min_length=1, max_length=MOST_TARGETS),
        IN_PIECES,
        at_most(MOST_TARGETS),
    ] = Field(
        description="Whom to ask; their calls are interleaved in time.",
        examples=[[{"model": "acme/orca-70b-instruct:free"}]],
    )
    prompts: PromptSource = Field(
        description="What to ask: docs/prompts.md.",
        examples=[{"kind": "inline", "prompts": ["Why is the sky blue?"]}],
    )
    runs: Whole = Field(
        default=5,
        ge=1,
        le=MOST,
        description="Times each target is asked each prompt.",
        examples=[5],
    )
    load: Load = Field(
        default=Concurrency(),
        description="When calls begin: docs/loads.md.",
        examples=[{"kind": "poisson", "rate_per_s": 2, "duration_s": 60}],
    )
    max_tokens: MaxTokens = Field(
        default=512, description="The longest answer to pay for.", examples=[256]
    )
    max_tokens_field: MaxTokensField | None = Field(
        default=None,
        description="How the upstream is told `max_tokens`: by which field, or by"
        " `none`; `auto` learns it from its refusal. None: as"
        " UPSTREAM_MAX_TOKENS_FIELD says.",
        examples=["max_completion_tokens"],
    )
    stream: bool = Field(
        default=True, description="False: no TTFT is known.", examples=[True]
    )
    stream_options: bool | None = Field(
        default=None,
        description="Whether a plain upstream is asked for the usage of a stream."
        " None: as UPSTREAM_STREAM_OPTIONS says.",
        examples=[False],
    )
    system_prompt: Annotated[Text, Field(max_length=1024 * 1024)] | None = Field(
        default=None,
        description="Sent before each prompt.",
        examples=["Answer in one sentence."],
    )
    temperature: Annotated[float, Field(ge=0, le=2), NOT_A_BOOL] | None = Field(
        default=None,
        description="None: the upstream's default.",
        examples=[0],
    )
    seed: Annotated[int, Field(ge=-(2**53), le=2**53), NOT_A_BOOL] | None = Field(
        default=None,
        description="Sent to the upstream, which may heed it.",
        examples=[1],
    )
    extra: Extra = Field(default_factory=dict)
    extra_headers: ExtraHeaders = Field(default_factory=dict)
    order_seed: Seed = Field(
        default=0,
        description="Seed of the order of the slots and of random due times.",
        examples=[42],
    )
    submitter: str = Field(
        default="anonymous",
        min_length=1,
        max_length=100,
        pattern=r"^[\w][\w .@+-]*$",
        description="A label; the queue is fair between labels.",
        examples=["search-team"],
    )
    keep_answers: KeepAnswers = Field(
        default="first",
        description="`first` repetition of each prompt, none or all.",
        examples=["first"],
    )
    keep_events: bool = Field(
        default=False,
        description="Keep the time of every token event, in responses.jsonl; large.",
        examples=[False],
    )
    unique_prefix: bool = Field(
        default=False,
        description="Put a unique line before each prompt, against prompt caches.",
        examples=[True],
    )
    exclusive: bool = Field(
        default=False,
        description="Measure it alone: no other run is measured on its upstream while"
        " it is, on any worker. It begins when those under way have ended, and no"
        " younger run begins before it.",
        examples=[False],
    )
    retries: Retries | None = Field(
        default=None,
        description="Which failed calls to make again; by default none.",
        examples=[{"max": 2, "on": ["rate_limited"], "backoff_s": 1}],
    )
    on_outage: OnOutage | None = Field(
        default=None,
        description="`wait`: an upstream that is down takes no slots, and the run goes"
        " on when it is back; `count`: its failures are results. By default closed"
        " loads wait; open ones always count.",
        examples=["wait"],
    )
    drain_s: Annotated[float, Field(gt=0, le=86_400), NOT_A_BOOL] | None = Field(
        default=None,
        description="Calls that are open when all slots of a step have begun, or its"
        " time is over, get so long to end, and are `unfinished` then. By default the"
        " former have all their deadlines, and the latter the server's DRAIN_S.",
        examples=[20],
    )
    slo: Slo | None = Field(
        default=None,
        description="What makes a call a good one; gives goodput.",
        examples=[{"ttft_s": 0.8, "latency_s": 10}],
    )
    max_error_share: Annotated[float, Field(ge=0, le=1), NOT_A_BOOL] | None = Field(
        default=None,
        description="Over this share of failed calls the run stops and is invalid.",
        examples=[0.1],
    )
    max_cost_usd: Annotated[float, Field(ge=1e-9, le=1_000_000), NOT_A_BOOL] | None = (
        Field(
            default=None,
            description="The run's budget: no call begins that might exceed it.",
            examples=[0.5],
        )
    )
    allow_unknown_prices: bool = Field(
        default=False,
        description="With a budget: call models of unknown price too, unlimited by it.",
        examples=[False],
    )
    sweep: Sweep | None = Field(
        default=None,
        description="The load at one value after another, a step each.",
        examples=[{"over": "concurrency", "values": [1, 2, 4, 8, 16]}],
    )
    find: Find | None = Field(
        default=None,
        description="Search the largest value of the load that still meets `slo`.",
        examples=[{"over": "concurrency", "low": 1, "high": 256}],
    )

    @field_validator("schema_version")
    @classmethod
    def _known_schema(cls, version: int) -> int:
        if version > SCHEMA:
            raise ValueError(
                f"schema {version} is not known; this version reads up to {SCHEMA}"
            )
        return version

    @field_validator("load", mode="before")
    @classmethod
    def _closed_by_default(cls, load: object) -> object:
        return _with_kind(load, "concurrency")

    @field_validator("prompts", mode="before")
    @classmethod
    def _inline_by_default(cls, prompts: object) -> object:
        return _with_kind(prompts, "inline")

    @field_validator("targets")
    @classmethod
    def _no_target_twice(cls, targets: tuple[Target, ...]) -> tuple[Target, ...]:
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

    # Below, a field is checked against those before it: so the error has its path.

    @field_validator("on_outage")
    @classmethod
    def _can_wait(
        cls, on_outage: OnOutage | None, info: ValidationInfo
    ) -> OnOutage | None:
        load: Load | None = info.data.get("load")
        if on_outage == "wait" and load and load.slots_by(0) is not None:
            raise ValueError(
                "in an open load calls are due whatever became of those before, so an"
                " outage is what it measures; use `count`, or a closed load"
            )
        return on_outage

    @field_validator("slo")
    @classmethod
    def _can_be_measured(cls, slo: Slo | None, info: ValidationInfo) -> Slo | None:
        limits = slo.limits() if slo else {}
        load: Load | None = info.data.get("load")
        if "response_s" in limits and load and load.slots_by(0) is None:
            raise ValueError(
                "response_s counts from the due time, and in a closed load nothing is"
                " due; use latency_s, or an open load"
            )
        unknown = sorted(STREAMED & limits.keys())
        if unknown and info.data.get("stream") is False:
            raise ValueError(
                f"{unknown[0]} is not known unless the answer is streamed; set"
                " `stream` to true, or use latency_s"
            )
        return slo

    @field_validator("extra")
    @classmethod
    def _one_word_on_providers(cls, extra: Extra, info: ValidationInfo) -> Extra:
        pinned = [t for t in info.data.get("targets", ()) if t.provider]
        if "provider" in extra and pinned:
            raise ValueError(
                f"'provider' cannot be set here: {pinned[0].label()} is pinned to one"
            )
        return extra

    @field_validator("max_cost_usd")
    @classmethod
    def _can_be_kept(cls, usd: float | None, info: ValidationInfo) -> float | None:
        if usd is None:
            return None
        if info.data.get("max_tokens_field") == "none":
            raise ValueError(
                "a budget needs a bound of what a call costs, and `max_tokens_field` is"
                " `none`; leave one of the two out"
            )
        dearer = [name for name in PRICED if name in info.data.get("extra", {})]
        if dearer:
            raise ValueError(
                f"a call with `{dearer[0]}` may cost more than its tokens, so no budget"
                " can be kept; leave it out of `extra`, or the budget out"
            )
        return usd

    @field_validator("sweep")
    @classmethod
    def _can_be_swept(cls, sweep: Sweep | None, info: ValidationInfo) -> Sweep | None:
        if sweep and "load" in info.data:
            check_load(sweep.over, info.data["load"])
        return sweep

    @field_validator("find")
    @classmethod
    def _can_be_found(cls, find: Find | None, info: ValidationInfo) -> Find | None:
        if find is None:
            return None
        if info.data.get("sweep"):
            raise ValueError(
                "a plan has a sweep or a search, not both; leave `sweep` or `find` out"
            )
        if "slo" in info.data and info.data["slo"] is None:
            raise ValueError("a search needs `slo`, which says what a good call is")
        if "load" in info.data:
            check_load(find.over, info.data["load"])
        return find

    @property
    def waits_for_outages(self) -> bool:
        """Whether an upstream that is down is waited for."""
        return self.on_outage != "count" and self.load.slots_by(0) is None

    def pairs(self) -> int:
        """How many different questions there are: targets x prompts."""
        return len(self.targets) * self.prompts.count()


def _with_kind(value: object, kind: str) -> object:
    """A tagged union takes no default for its tag; the schema says that there is."""
    return {"kind": kind, **value} if isinstance(value, dict) else value


def read_plan(text: str | bytes) -> Plan:
    """A stored plan. Raises NewerRecord for one of a later version, else BadPlan.

    The number is looked at before the fields, because a later schema may have fields
    that this one would refuse with a worse sentence.
    """
    try:
        record = from_json(text)
    except ValueError as error:
        raise BadPlan(f"The plan is not JSON: {error}.") from None
    found_schema = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(found_schema, int) and found_schema > SCHEMA:
        raise NewerRecord("plan", found_schema, SCHEMA)
    try:
        return Plan.model_validate(record)
    except ValidationError as error:
        path, said = problems(error)[0]
        raise BadPlan(f"{path}: {said}." if path else f"{said}.", path) from None


__all__ = [
    "SCHEMA",
    "BadPlan",
    "Finished",
    "Plan",
    "Step",
    "Target",
    "Work",
    "check_size",
    "due_times",
    "field_path",
    "found",
    "most_calls",
    "next_step",
    "problems",
    "read_plan",
    "steps",
    "total",
    "work",
]
