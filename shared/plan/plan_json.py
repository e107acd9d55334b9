"""A plan as JSON: read, and written in pieces, since writing 64 MiB in one go holds
every other thread of the process for half a second."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.errors import BadPlan, NewerRecord
from shared.plan.input.problems import problems_of
from shared.plan.plan import SCHEMA, Plan
from shared.plan.prompts import InlinePrompts, PromptSource

_PIECE = 500
"""Prompts in one piece."""


def read_plan(text: str | bytes) -> Plan:
    """A stored plan. Raises NewerRecord for one of a later version, else BadPlan.

    The number is looked at before the fields, because a later schema may have fields
    that this one would refuse with a worse sentence.
    """
    try:
        record = from_json(text)
    except ValueError as error:
        raise BadPlan(f"The plan is not JSON: {error}.") from None
    found_schema = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(found_schema, int) and found_schema > SCHEMA:
        raise NewerRecord("plan", found_schema, SCHEMA)
    try:
        return Plan.model_validate(record)
    except ValidationError as error:
        path, said = problems(error)[0]
        raise BadPlan(f"{path}: {said}." if path else f"{said}.", path) from None


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """(path, sentence) of each problem with a plan; the path "" is the plan itself."""
    return problems_of(error, Plan)


def plan_json(plan: Plan) -> bytes:
    """The same as `plan.model_dump_json()`. For a thread, where a plan may be large."""
    return b"".join(_pieces(plan))


def list_json(items: Sequence[object]) -> Iterator[bytes]:
    """A list as compact JSON, in pieces."""
    yield b"["
    for start in range(0, len(items), _PIECE):
        if start:
            yield b","
        yield to_json(items[start : start + _PIECE])[1:-1]
    yield b"]"


def _prompts(prompts: PromptSource) -> Iterator[bytes]:
    if isinstance(prompts, InlinePrompts):
        yield b'{"kind":"inline","prompts":'
        yield from list_json(prompts.prompts)
        yield b"}"
    else:
        yield to_json(prompts)


def _pieces(plan: Plan) -> Iterator[bytes]:
    rest = plan.model_dump(mode="json", exclude={"prompts"})
    between = b"{"
    for name in Plan.model_fields:
        yield b'%s"%s":' % (between, name.encode())
        if name == "prompts":
            yield from _prompts(plan.prompts)
        else:
            yield to_json(rest[name])
        between = b","
    yield b"}"
