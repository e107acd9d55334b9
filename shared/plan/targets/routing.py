"""What a target says to OpenRouter's router: who may answer, and by which preference.

A target with a preference beside one without it shows what the router costs, or saves.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.model_id import Name

Sort = Literal["price", "throughput", "latency"]
_Usd = Annotated[float, Field(ge=0, le=1_000_000), NOT_A_BOOL]
_MOST_NAMES = 50


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("it is empty; name one at least, or leave it out")
    return names


_Names = Annotated[
    tuple[Annotated[Name, Field(max_length=100)], ...],
    Field(max_length=_MOST_NAMES),
    AfterValidator(_some),
]


class MaxPrice(Frozen):
    """Providers that are dearer take no call. None: at any price."""

    prompt: _Usd | None = Field(
        default=None, description="USD per million tokens of prompts.", examples=[1]
    )
    completion: _Usd | None = Field(
        default=None, description="USD per million tokens of answers.", examples=[2]
    )
    request: _Usd | None = Field(
        default=None, description="USD per call.", examples=[0.01]
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give `prompt`, `completion` or `request`")
        return self


class Routing(Frozen):
    """Preferences of a call; what is not said is left to the router."""

    sort: Sort | None = Field(
        default=None,
        description="Ask the first by this, and the others only where it fails: no"
        " balancing.",
        examples=["throughput"],
    )
    max_price: MaxPrice | None = Field(
        default=None, description="Ask nobody who is dearer.", examples=[{"prompt": 1}]
    )
    order: _Names | None = Field(
        default=None,
        description="Ask these providers first, in this order.",
        examples=[["acme/fp8", "harbor"]],
    )
    ignore: _Names | None = Field(
        default=None, description="Never ask these providers.", examples=[["harbor"]]
    )
    quantizations: _Names | None = Field(
        default=None, description="Only of these quantizations.", examples=[["fp8"]]
    )
    allow_fallbacks: bool | None = Field(
        default=None,
        description="False: where the first fails the call fails.",
        examples=[False],
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.said():
            raise ValueError("it says nothing; leave it out")
        return self

    def said(self) -> dict[str, object]:
        """The fields of OpenRouter's `provider` object."""
        return self.model_dump(mode="json", exclude_none=True)
