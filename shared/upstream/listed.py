"""What an upstream says of the providers of a model: prices, uptime, and how fast they
are by its own measuring. Not what we measured, so it stands beside our numbers, with
the time at which it was read.
"""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from shared.fields import Frozen, Moment


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of the last 30 minutes, as the upstream measured it. None: it does not say."""

    p50: Annotated[float | None, Field(description="The 50th percentile.")]
    p75: Annotated[float | None, Field(description="The 75th percentile.")]
    p90: Annotated[float | None, Field(description="The 90th percentile.")]
    p99: Annotated[float | None, Field(description="The 99th percentile.")]


class Provider(Frozen):
    """Who runs a model, as the upstream tells it. Null is what it does not say."""

    provider: str = Field(description="Its name for people.", examples=["DeepInfra"])
    slug: str = Field(
        description="What pins it: a target's `provider`.", examples=["deepinfra/fp8"]
    )
    prompt_usd_per_million: float | None = Field(
        description="USD for a million input tokens.", examples=[0.12]
    )
    completion_usd_per_million: float | None = Field(
        description="USD for a million output tokens; the dearest, where there are"
        " conditions.",
        examples=[0.3],
    )
    request_usd: float | None = Field(description="Of each call, beside its tokens.")
    quantization: str | None = Field(
        description="Of its weights, by its own word.", examples=["fp8"]
    )
    context_length: int | None = Field(description="Tokens.", examples=[131072])
    max_completion_tokens: int | None = Field(
        description="Tokens that one answer may have."
    )
    status: int | None = Field(
        default=None,
        description="0 is healthy; what others mean the upstream does not tell.",
    )
    uptime_last_30m_percent: float | None = Field(
        description="Calls it answered, of those sent to it in the last 30 minutes.",
        examples=[99.41],
    )
    uptime_last_1d_percent: float | None = Field(
        description="The same of the last day."
    )
    ttft_s_last_30m: Percentiles | None = Field(
        description="By the upstream's own measuring, of everybody's calls."
    )
    tokens_per_s_last_30m: Percentiles | None = Field(
        description="Output tokens a second, measured likewise."
    )


class ListedProvider(Provider):
    """A provider as it was listed when a benchmark asked for `providers` of a model."""

    at: Moment = Field(description="When it was read.")
    model: str = Field(description="The model.", examples=["acme/orca-70b-instruct"])
    target: str | None = Field(
        description="The target that pins it, by its name in the result; null: it was"
        " left out.",
        examples=["acme/orca-70b-instruct@deepinfra/fp8"],
    )
    left_out: str | None = Field(
        default=None, description="Why it was; null: it was not."
    )
