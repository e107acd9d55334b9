"""A JSON schema that somebody sent: bounded, and with nothing outside itself."""

import json
from collections.abc import Iterator
from typing import Any

MOST_BYTES = 65_536
"""Of a schema, as JSON."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def known_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema. Raises ValueError for what is none, for one that is too large,
    and for one that points outside itself: nothing is fetched for it."""
    try:
        size = len(json.dumps(schema).encode())
        _check(schema)
    except RecursionError:
        raise ValueError("it is nested too deeply; make it flatter") from None
    if size > MOST_BYTES:
        raise ValueError(f"it has {size} bytes; at most {MOST_BYTES} are allowed")
    return schema


def _check(schema: dict[str, Any]) -> None:
    from jsonschema.exceptions import SchemaError

    try:
        _draft(schema).check_schema(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path))[:100] or "its top"
        raise ValueError(f"it is no JSON schema: see {where}") from None
    except OverflowError as error:  # of a pattern
        raise ValueError(f"it is no JSON schema: {error}") from None
    for found in _objects(schema):
        for name in _REFERENCES:
            to = found.get(name)
            if isinstance(to, str) and not to.startswith("#"):
                raise ValueError(
                    f"`{name}` points to {to[:100]!r}, and nothing is fetched for a"
                    " schema; put it under `$defs`, and point to `#/$defs/...`"
                )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Each object in it, itself too."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def validator(schema: dict[str, Any]) -> Any:
    """What tells whether a value is as the schema says; it fetches nothing."""
    from referencing import Registry

    return _draft(schema)(schema, registry=Registry())


def _draft(schema: dict[str, Any]) -> Any:
    # it takes a tenth of a second, which plans without a schema need not wait for
    from jsonschema.validators import Draft202012Validator, validator_for

    return validator_for(schema, default=Draft202012Validator)


def may_be_read(allows: Any, text: str) -> bool:
    """Whether the text is JSON, and the validator allows what it says."""
    from referencing.exceptions import Unresolvable

    try:
        value = json.loads(text)
    except ValueError:
        return False
    try:
        found: bool = allows.is_valid(value)
    except Unresolvable:  # into itself, and there is nothing
        return False
    return found
