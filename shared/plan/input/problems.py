"""What is wrong with a plan, for a form or a line: the field's path and a sentence."""

from functools import cache

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.near import MOST_NEAR, sentence_of

_TAGGED = ("load", "prompts", "prompts.input_tokens", "prompts.output_tokens")
"""Fields that are unions: in pydantic's location the kind stands after them,"""

_TAGGED_ITEMS = ("load.stages", "prompts.prompts")
"""and after each item of these."""


def problems_of(
    error: ValidationError, record: type[BaseModel]
) -> list[tuple[str, str]]:
    """(path, sentence) of each problem; the path "" is the record itself.

    Neither holds the input that was refused, which may be a prompt.
    """
    errors = error.errors(include_url=False)
    refused = _holding(errors)
    schema = cache(record.model_json_schema)
    return [
        (_path(each), sentence_of(each, schema if n < MOST_NEAR else None))
        for n, each in enumerate(errors)
        if not (each["type"] == "too_short" and each["loc"] in refused)
    ]


def _path(error: ErrorDetails) -> str:
    """Of a kind that there is not, that of the kind."""
    path = field_path(error["loc"])
    return f"{path}.kind" if error["type"] == "union_tag_invalid" else path


def _holding(errors: list[ErrorDetails]) -> set[tuple[str | int, ...]]:
    """Where something inside was refused: a list there may be too short only because
    pydantic left that out."""
    return {each["loc"][:n] for each in errors for n in range(len(each["loc"]))}


def field_path(loc: tuple[str | int, ...]) -> str:
    """Where in the JSON: pydantic's location without the kinds of unions.

    >>> field_path(("load", "stages", "stages", 2, "poisson", "rate_per_s"))
    'load.stages[2].rate_per_s'
    """
    path = ""
    rest = iter(loc)
    for part in rest:
        inside = path
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
        if path in _TAGGED or (isinstance(part, int) and inside in _TAGGED_ITEMS):
            next(rest, None)
    return path
