"""A plan as compact JSON, in pieces: writing 64 MiB in one go holds every other thread
of the process for half a second."""

from collections.abc import Iterator, Sequence

from pydantic_core import to_json

from shared.plan.plan import Plan
from shared.plan.prompts import InlinePrompts, PromptSource

_PIECE = 500
"""Prompts in one piece."""


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
