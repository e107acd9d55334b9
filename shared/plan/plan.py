"""The plan: everything needed to do a benchmark again.

Frozen, without secrets, unknown fields refused. What follows from a plan stands above
it: its steps, what a slot asks and when it is due in `steps`, how much that is in
`size`.
"""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from shared.checks import Checks
from shared.fields import (
    MOST,
    NOT_A_BOOL,
    Frozen,
    Seconds,
    Seed,
    Share,
    Usd,
    Whole,
    kind_by_default,
    up_to,
    without_default,
)
from shared.plan.agreement import (
    OnOutage,
    can_be_found,
    can_be_kept,
    can_be_measured,
    can_be_swept,
    can_wait,
    one_word_on_providers,
)
from shared.plan.extras import Extra, ExtraHeaders
from shared.plan.loads import Concurrency, Load
from shared.plan.loads.find import Find
from shared.plan.loads.shape import is_open
from shared.plan.loads.sweep import Sweep
from shared.plan.prompts import InlinePrompts, Prompt, PromptSource
from shared.plan.prompts.prompt import MaxTokens, Text
from shared.plan.retries import Retries
from shared.plan.slo import Slo
from shared.plan.targets import Target, Targets, Temperature
from shared.plan.until import Until, can_be_decided, with_one_budget

SCHEMA = 2
"""2: `order` is a field, and `adjacent` where a plan does not say."""

KeepAnswers = Literal["first", "none", "all"]
Order = Literal["adjacent", "blocks"]
MaxTokensField = Literal["auto", "max_tokens", "max_completion_tokens", "none"]


class Plan(Frozen):
    """What to ask of whom, how often, under which load, and what is good enough."""

    schema_version: Annotated[Whole, up_to(SCHEMA)] = Field(
        default=SCHEMA, ge=1, description="Of this record.", examples=[SCHEMA]
    )
    targets: Targets = Field(
        description="Whom to ask; all of them answer one prompt back to back.",
        examples=[[{"model": "acme/orca-70b-instruct:free"}]],
    )
    prompts: Annotated[PromptSource, kind_by_default("inline")] = Field(
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
    load: Annotated[Load, kind_by_default("concurrency")] = Field(
        default=Concurrency(),
        description="When calls begin: docs/loads.md. By default 8 calls are open.",
        json_schema_extra=without_default,
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
    temperature: Temperature | None = Field(
        default=None,
        description="None: the upstream's default.",
        examples=[0],
    )
    seed: Annotated[int, Field(ge=-(2**53), le=2**53), NOT_A_BOOL] | None = Field(
        default=None,
        description="Sent to the upstream, which may heed it.",
        examples=[1],
    )
    extra: Annotated[Extra, AfterValidator(one_word_on_providers)] = Field(
        default_factory=dict
    )
    extra_headers: ExtraHeaders = Field(default_factory=dict)
    order: Order = Field(
        default="adjacent",
        description="`adjacent`: one prompt after another in random order, and all"
        " targets answer it back to back. `blocks`: pairs of target and prompt in"
        " random order; so are plans of schema 1, which had no such field.",
        examples=["adjacent"],
    )
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
    on_outage: Annotated[OnOutage | None, AfterValidator(can_wait)] = Field(
        default=None,
        description="`wait`: no slots are spent on an upstream that is down, and the"
        " run goes on when it is back; `count`: its failures are results. By default"
        " closed loads wait; open ones always count.",
        examples=["wait"],
    )
    drain_s: Seconds | None = Field(
        default=None,
        description="How long the last calls of a step get to end, once all its slots"
        " have begun or its time is over; later they are `unfinished`. By default only"
        " their own deadlines end them in the first case, DRAIN_S in the second.",
        examples=[20],
    )
    slo: Annotated[Slo | None, AfterValidator(can_be_measured)] = Field(
        default=None,
        description="What makes a call a good one; gives goodput.",
        examples=[{"ttft_s": 0.8, "latency_s": 10}],
    )
    checks: Checks = Field(
        default=(),
        description="What every answer must be like; gives a pass rate:"
        " docs/checks.md.",
        examples=[[{"kind": "max_words", "max_words": 50}]],
    )
    stall_s: Seconds = Field(
        default=3,
        description="A stream that is silent for longer between two tokens has"
        " stalled.",
        examples=[3],
    )
    max_error_share: Share | None = Field(
        default=None,
        description="Over this share of failed calls the run stops and is invalid.",
        examples=[0.1],
    )
    max_cost_usd: Annotated[Usd | None, AfterValidator(can_be_kept)] = Field(
        default=None,
        description="The run's budget: no call begins that might exceed it.",
        examples=[0.5],
    )
    allow_unknown_prices: bool = Field(
        default=False,
        description="With a budget: call models of unknown price too, unlimited by it.",
        examples=[False],
    )
    sweep: Annotated[Sweep | None, AfterValidator(can_be_swept)] = Field(
        default=None,
        description="The load at one value after another, a step each.",
        examples=[{"over": "concurrency", "values": [1, 2, 4, 8, 16]}],
    )
    find: Annotated[Find | None, AfterValidator(can_be_found)] = Field(
        default=None,
        description="Search the largest value of the load that still meets `slo`.",
        examples=[{"over": "concurrency", "low": 1, "high": 256}],
    )

    until: Annotated[Until | None, AfterValidator(can_be_decided)] = Field(
        default=None,
        description="End the run once its targets are told apart, at planned looks:"
        " docs/compare.md.",
        examples=[{"decided": ["ttft"], "margin": 0.05}],
    )

    @model_validator(mode="before")
    @classmethod
    def _one_budget(cls, record: object) -> object:
        return with_one_budget(record) if isinstance(record, dict) else record

    @model_validator(mode="before")
    @classmethod
    def _order_of_its_time(cls, record: object) -> object:
        """A plan of schema 1, which says nothing of its order, keeps the order that it
        was made for: whatever is run again is asked as it was."""
        if not isinstance(record, dict) or record.get("schema_version") != 1:
            return record
        return {"order": "blocks", **record}

    @property
    def waits_for_outages(self) -> bool:
        """Whether an upstream that is down is waited for."""
        return self.on_outage != "count" and not is_open(self.load)

    def upstreams(self) -> tuple[str, ...]:
        """The names of the upstreams that are asked, each once."""
        return tuple(dict.fromkeys(target.at for target in self.targets))

    def most_tokens(self, target: Target, prompt: Prompt) -> int:
        """The longest answer to pay for: by the target's word, or else the prompt's."""
        return target.max_tokens or prompt.max_tokens or self.max_tokens

    def temperature_of(self, target: Target) -> float | None:
        """As the target says, or else the plan; None: neither does."""
        own = target.temperature
        return self.temperature if own is None else own

    def extra_of(self, target: Target) -> Extra:
        """What is added to the body: the target's fields over the plan's."""
        return self.extra | target.extra

    @cached_property
    def has_checks(self) -> bool:
        """Whether any answer is checked."""
        if self.checks or not isinstance(self.prompts, InlinePrompts):
            return bool(self.checks)
        return any(isinstance(p, Prompt) and p.checks for p in self.prompts.prompts)

    def checks_of(self, prompt: int) -> Checks:
        """What answers to the prompt at this index must be like."""
        if not isinstance(self.prompts, InlinePrompts):
            return self.checks
        return (*self.checks, *self.prompts.prompt(prompt).checks)

    def is_prefixed(self, target: Target) -> bool:
        """Whether a unique line stands before its prompts."""
        own = target.unique_prefix
        return self.unique_prefix if own is None else own

    def pairs(self) -> int:
        """How many different questions there are: targets x prompts."""
        return len(self.targets) * self.prompts.count()
