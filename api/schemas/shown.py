"""Records that are shown as they were stored, and what the schema says of them."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.plan import Plan
from shared.plan.prompts import PromptSource


@dataclass(frozen=True, slots=True)
class ShownAs:
    """JSON that is handed on unread, while the schema says what `kind` of record it is.

    It was checked when it was written. Reading it again would cost each request some
    milliseconds, and refuse what an earlier build has kept with fewer fields.
    """

    kind: Any

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, of: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return of(TypeAdapter(self.kind).core_schema)


class CountedPrompts(BaseModel):
    """Prompts that are too many to be shown; plan.json has them."""

    kind: str = Field(description="What source they are of.", examples=["inline"])
    count: int = Field(description="How many there are.")
    sha256: str = Field(description="Of the field `prompts` as compact JSON.")
    note: str = Field(description="How large they are, as a sentence.")


def _one_of_all(schema: dict[str, Any]) -> None:
    """The sources and the stand-in beside each other: exactly one of them fits."""
    sources, counted = schema.pop("anyOf")
    schema["oneOf"] = [*sources["oneOf"], counted]


class ShownPlan(Plan):
    """A plan as it is shown: with all its fields, and large prompts only counted."""

    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema.update(
            required=list(schema["properties"])
        )
    )

    prompts: Annotated[PromptSource, ShownAs(PromptSource | CountedPrompts)] = Field(
        description="What is asked: docs/prompts.md.", json_schema_extra=_one_of_all
    )
