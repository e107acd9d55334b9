"""What the records of a plan and of a summary are made of: their one pydantic
configuration, and numbers as a plan takes them (JSON's `true` is not 1)."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)


class Frozen(BaseModel):
    """Cannot change, refuses unknown fields, NaN and infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_max_length=16 * 1024**2
    )


TOLD = ConfigDict(use_attribute_docstrings=True)
"""`__pydantic_config__` of a dataclass: its schema has the docstrings of its fields."""

Moment = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "examples": ["2026-11-23T08:00:01.250Z"],
        }
    ),
]
"""A time as people and clients read it: UTC, ISO 8601, milliseconds, `Z`."""


def without_default(schema: dict[str, Any]) -> None:
    """Of a field that may be of several kinds: generators of clients cannot tell of
    which of them its default is, so the description says it."""
    schema.pop("default", None)


def _not_a_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are not numbers; give a number")
    return value


NOT_A_BOOL = BeforeValidator(_not_a_bool)
"""Stands after the bounds in an Annotated, or the JSON schema loses them."""

Whole = Annotated[int, NOT_A_BOOL]
Number = Annotated[float, NOT_A_BOOL]
Usd = Annotated[float, Field(ge=1e-9, le=1_000_000), NOT_A_BOOL]
Seconds = Annotated[float, Field(gt=0, le=86_400), NOT_A_BOOL]
Share = Annotated[float, Field(ge=0, le=1), NOT_A_BOOL]


def up_to(newest: int) -> AfterValidator:
    """Of the schema number of a record: this version reads no later one."""

    def known(version: int) -> int:
        if version > newest:
            raise ValueError(
                f"schema {version} is not known; this version reads up to {newest}"
            )
        return version

    return AfterValidator(known)


def kind_by_default(kind: str) -> BeforeValidator:
    """Of a `tagged` union, which takes no default for its tag; the schema says that
    there is one."""
    return BeforeValidator(
        lambda value: {"kind": kind, **value} if isinstance(value, dict) else value
    )


def tagged(variants: tuple[type, ...]) -> Any:
    """The union of some records, told apart by their field `kind`: for pydantic, which
    reads types when the program runs. A type checker cannot follow a union made of a
    tuple, and takes the protocol that all of them keep to."""
    return Annotated[reduce(or_, variants), Field(discriminator="kind")]


MOST = 1_000_000_000
"""No count in a plan is larger: beyond it floats begin to blur the due times."""

Seed = Annotated[int, Field(ge=0, le=2**53), NOT_A_BOOL]
"""Up to 2**53 every JSON reader keeps it exactly, also one that knows only doubles."""
