"""Problems as OpenAPI shows them: the body, and which of them an endpoint answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.errors.kinds import KINDS
from api.errors.problem import MEDIA_TYPE


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(
        description="Where it stands, as in `load.stages[2].rate_per_s`.",
        examples=["runs"],
    )
    message: str = Field(
        description="What is wrong with it.",
        examples=["Input should be greater than or equal to 1"],
    )


class ProblemBody(BaseModel):
    """An error (RFC 9457). Some kinds have members of their own."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(
        description="Its last part is the kind, for programs.",
        examples=["/problems/no-such-run"],
    )
    title: str = Field(description="The kind in words; the same each time.")
    status: int = Field(description="Of HTTP.")
    detail: str = Field(description="What happened, and what to do about it.")
    instance: str | None = Field(default=None, description="The path asked for.")
    errors: list[FieldError] | None = Field(
        default=None, description="What is wrong with which field."
    )


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """What an endpoint can answer beside success, for OpenAPI, with examples."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, "internal"):
        status, title = KINDS[kind]
        said = found.setdefault(status, {"description": "", "content": {}})
        said["description"] += f"{title}. "
        schema = {"$ref": "#/components/schemas/Problem"}
        content = said["content"].setdefault(
            MEDIA_TYPE, {"schema": schema, "examples": {}}
        )
        content["examples"][kind] = {
            "value": {
                "type": f"/problems/{kind}",
                "title": title,
                "status": status,
                "detail": "What happened, and what to do about it.",
            }
        }
    return found
