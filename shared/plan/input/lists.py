"""Lists in a plan: how long one may be, and of how many items it is said that they are
wrong.

pydantic makes an error for every item before it looks at the length, and a list may
have a million. Both stand after the bounds in an Annotated, or the JSON schema loses
them.
"""

from pydantic import (
    BeforeValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

MOST_ERRORS = 100
"""Of one list; nobody reads more, and mending these shows the next."""

_PIECE = 10


def at_most(n: int) -> BeforeValidator:
    """A list of `n` items at the most, counted before any of them is looked at."""

    def few(items: object) -> object:
        if isinstance(items, list | tuple) and len(items) > n:
            raise ValueError(f"{len(items)} items are too many; give at most {n}")
        return items

    return BeforeValidator(few)


def _in_pieces(items: object, validate: ValidatorFunctionWrapHandler) -> object:
    if not isinstance(items, list | tuple) or len(items) <= _PIECE:
        return validate(items)
    done: list[object] = []
    wrong: list[InitErrorDetails] = []
    for start in range(0, len(items), _PIECE):
        try:
            done += validate(items[start : start + _PIECE])
        except ValidationError as error:
            wrong += _moved(error, start)
            if len(wrong) >= MOST_ERRORS:
                break
    if wrong:
        raise ValidationError.from_exception_data("list", wrong[:MOST_ERRORS])
    return tuple(done)


def _moved(error: ValidationError, by: int) -> list[InitErrorDetails]:
    """The errors of a piece, with places in the whole list."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        InitErrorDetails(
            type=PydanticCustomError(each["type"], each["msg"]),
            loc=(int(each["loc"][0]) + by, *each["loc"][1:]),
            input=None,
        )
        for each in found[:MOST_ERRORS]
        if each["loc"]  # else the piece is too short, for want of those that are wrong
    ]


IN_PIECES = WrapValidator(_in_pieces)
"""A list that may be long: validated a few items at a time, and given up at a hundred
errors."""
