"""What a call must keep to be a good one."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.fields import NOT_A_BOOL, Frozen

Threshold = Annotated[float, Field(gt=0, le=86_400), NOT_A_BOOL] | None


class Slo(Frozen):
    """The most that each metric of one call may be, in seconds; None is not checked.

    A call is good where it ended `ok` and every threshold that is set holds. A metric
    that is undefined for it (no token, no gap) is a miss. The names are those of the
    metrics; docs/metrics.md has their formulas.
    """

    ttft_s: Threshold = Field(
        default=None, description="To the first token.", examples=[0.8]
    )
    ttft_visible_s: Threshold = Field(
        default=None, description="To the first visible text.", examples=[2]
    )
    tpot_s: Threshold = Field(
        default=None, description="Per token after the first.", examples=[0.05]
    )
    latency_s: Threshold = Field(
        default=None, description="From sent to ended.", examples=[10]
    )
    response_s: Threshold = Field(
        default=None, description="From due to ended; open loads only.", examples=[12]
    )
    gap_p99_s: Threshold = Field(
        default=None,
        description="99th percentile of the gaps between token events of the call.",
        examples=[0.2],
    )
    gap_max_s: Threshold = Field(
        default=None, description="The longest of these gaps.", examples=[1]
    )

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Self:
        if not self.limits():
            raise ValueError(
                "give at least one threshold, such as ttft_s, or leave `slo` out"
            )
        return self

    def limits(self) -> dict[str, float]:
        """The thresholds that are set, by metric name."""
        return self.model_dump(exclude_none=True)


STREAMED = frozenset(Slo.model_fields) - {"latency_s", "response_s"}
"""Metrics that are known of streamed calls alone."""
