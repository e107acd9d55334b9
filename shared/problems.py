"""What is wrong with a plan, for a form or a line: the field's path and a sentence."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_TAGGED = ("load", "prompts", "prompts.input_tokens", "prompts.output_tokens")
"""Fields that are unions: in pydantic's location the kind stands after them,"""

_TAGGED_ITEMS = ("load.stages", "prompts.prompts")
"""and after each item of these."""


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """(path, sentence) of each problem; the path "" is the plan itself.

    Neither holds the input that was refused, which may be a prompt.
    """
    errors = error.errors(include_url=False, include_input=False)
    return [
        (field_path(each["loc"]), each["msg"].removeprefix("Value error, "))
        for each in errors
        if not (each["type"] == "too_short" and _item_refused(each["loc"], errors))
    ]


def _item_refused(loc: tuple[str | int, ...], errors: list[ErrorDetails]) -> bool:
    """Whether a list is too short only because pydantic left out what it refused."""
    return any(each["loc"][: len(loc)] == loc != each["loc"] for each in errors)


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
