"""What somebody may have meant who wrote a name that is not there."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

Schema = dict[str, Any]
Loc = Sequence[str | int]


def meant(name: str, known: Iterable[str]) -> str:
    """The names that are near, as a question; or all of them, where none is.

    >>> meant("rusn", ["runs", "load"]), meant("x", ["runs", "load"])
    ('Did you mean `runs`?', 'There are: load, runs.')
    """
    names = sorted(set(known))
    near = get_close_matches(name.lower(), names, n=2)
    near = near or [each for each in names if name and each.startswith(name)]
    if near:
        return f"Did you mean {' or '.join(f'`{each}`' for each in near)}?"
    return f"There are: {', '.join(names)}." if names else "There are none."


MOST_NEAR = 100
"""Of so many unknown names it is looked which ones are near, at 50 us each."""


def sentence_of(error: Mapping[str, Any], schema: Callable[[], Schema] | None) -> str:
    """The sentence of one of pydantic's errors, in words of JSON; a name that is not
    there is told with those that are.

    It never holds what was refused, which may be a prompt.

    schema: the JSON Schema of the record that was refused, made when it is wanted;
    None: no names are told.
    """
    kind, said = error["type"], str(error["msg"]).removeprefix("Value error, ")
    context = error.get("ctx") or {}
    if kind in ("too_short", "too_long"):
        return said.replace("Tuple", "List").replace(" after validation", "")
    if kind in ("tuple_type", "list_type"):
        return "Input should be a list"
    if kind in _NO_OBJECT:
        known = _known(error["loc"], schema)
        few = f"; its fields: {', '.join(sorted(known))}" if len(known) <= _FEW else ""
        return f"Input should be an object{few if known else ''}"
    if kind == "union_tag_invalid" and "expected_tags" in context:
        kinds = _quoted(context["expected_tags"])
        return f"There is no such kind. {meant(str(context['tag'])[:100], kinds)}"
    if kind == "union_tag_not_found":
        return "Say its `kind`"
    if kind in ("literal_error", "enum") and isinstance(error.get("input"), str):
        near = get_close_matches(error["input"][:100].lower(), _quoted(said), n=1)
        return f"{said}. Did you mean `{near[0]}`?" if near else said
    if kind != "extra_forbidden":
        return said
    if schema is None:
        return "There is no such field."
    *inside, name = error["loc"]
    return f"There is no such field. {meant(str(name)[:100], _known(inside, schema))}"


_FEW = 12
_NO_OBJECT = ("model_type", "model_attributes_type", "dict_type")


def _quoted(said: str) -> list[str]:
    return re.findall(r"'([^']*)'", said)


def _known(loc: Loc, schema: Callable[[], Schema] | None) -> set[str]:
    """The fields of what stands there; none where no names are told."""
    if schema is None:
        return set()
    whole = schema()
    return _fields(whole, whole.get("$defs", {}), loc)


def _fields(schema: Schema, defs: dict[str, Schema], loc: Loc) -> set[str]:
    """The fields of what stands at `loc`, as pydantic tells places: after a field that
    may be of several kinds comes the kind."""
    if "$ref" in schema:
        return _fields(defs[schema["$ref"].rpartition("/")[2]], defs, loc)
    several = schema.get("oneOf") or schema.get("anyOf")
    if several:
        kinds = schema.get("discriminator", {}).get("mapping", {})
        if loc and loc[0] in kinds:
            return _fields({"$ref": kinds[loc[0]]}, defs, loc[1:])
        found = set[str]().union(*(_fields(each, defs, loc) for each in several))
        if found or not loc:
            return found
        return _fields(schema, defs, loc[1:])  # a kind that the schema does not name
    if not loc:
        return set(schema.get("properties", ()))
    if isinstance(loc[0], int):
        return _fields(schema.get("items", {}), defs, loc[1:])
    return _fields(schema.get("properties", {}).get(loc[0], {}), defs, loc[1:])
