"""Faults that make the model say something else; see `simulator.faults`.

Each takes an answer and the fault's arguments and returns another answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulator import bodies
from simulator.script import Answer

Params = Mapping[str, str]


def having(**changes: Any) -> Callable[[Answer, Params], Answer]:
    """The same answer with other fields."""
    return lambda answer, params: replace(answer, **changes)


def from_head(**changes: Any) -> Callable[[Answer, Params], Answer]:
    """The same answer from another provider or model; None leaves the field out."""
    return lambda answer, params: replace(answer, head=answer.head._replace(**changes))


def empty(answer: Answer, params: Params) -> Answer:
    return replace(answer, reasoning=(), content=())


def null_content(answer: Answer, params: Params) -> Answer:
    return replace(empty(answer, params), message_more={"content": None})


def reasoning_only(answer: Answer, params: Params) -> Answer:
    return replace(answer, reasoning=answer.reasoning + answer.content, content=())


def length_before_text(answer: Answer, params: Params) -> Answer:
    return replace(
        reasoning_only(answer, params),
        hide_reasoning=True,
        finish_reason="length",
        native_finish_reason="length",
    )


def refusal(answer: Answer, params: Params) -> Answer:
    no = {"refusal": "I cannot help with that."}
    return replace(empty(answer, params), message_more=no)


def calling(answer: Answer, call: Mapping[str, Any]) -> Answer:
    return replace(
        answer,
        finish_reason="tool_calls",
        native_finish_reason="tool_calls",
        message_more=call,
    )


def _call(arguments: str | None) -> dict[str, Any]:
    function = {"name": "lookup", "arguments": arguments}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    return {"tool_calls": [call]}


def tool_call(answer: Answer, params: Params) -> Answer:
    return calling(empty(answer, params), _call(None))


def text_then_tool_call(answer: Answer, params: Params) -> Answer:
    return calling(answer, _call('{"of": "it"}'))


def function_call(answer: Answer, params: Params) -> Answer:
    call = {"name": "lookup", "arguments": "{}"}
    return calling(empty(answer, params), {"function_call": call})


def tool_call_in_pieces(answer: Answer, params: Params) -> Answer:
    called = calling(answer, {})
    return replace(
        called,
        content_in="tool_calls",
        content=called.reasoning + called.content,
        reasoning=(),
    )


def dated_model(answer: Answer, params: Params) -> Answer:
    dated = answer.head.model.partition(":")[0] + "-20260811"
    return replace(answer, head=answer.head._replace(model=dated))


def many_tokens_a_chunk(answer: Answer, params: Params) -> Answer:
    return replace(answer, chunk_tokens=int(params.get("tokens", "4")))


def usage_too_small(answer: Answer, params: Params) -> Answer:
    details = {"reasoning_tokens": answer.tokens + 1}
    return replace(answer, usage_more={"completion_tokens_details": details})


def cached_prompt(answer: Answer, params: Params) -> Answer:
    return replace(answer, cached_tokens=answer.charge.prompt_tokens)


def cache_hit(answer: Answer, params: Params) -> Answer:
    nothing = bodies.usage(0, 0)
    headers = {"X-OpenRouter-Cache-Status": "HIT", "X-OpenRouter-Cache-Age": "12"}
    return replace(
        answer,
        usage_more=nothing,
        headers=headers,
        charge=replace(answer.charge, prompt_usd=Decimal(0), completion_usd=Decimal(0)),
    )


def line_separators(answer: Answer, params: Params) -> Answer:
    # Characters at which str.splitlines and some line readers cut, and JSON does not.
    odd = tuple(piece + "\u2028\u0085" for piece in answer.content)
    return replace(answer, content=odd)


def nul(answer: Answer, params: Params) -> Answer:
    return replace(answer, content=tuple(piece + "\0" for piece in answer.content))


def half_reasoning(
    reasoning_in: bodies.ReasoningField, content_in: bodies.ContentField = "content"
) -> Callable[[Answer, Params], Answer]:
    """Half of it is reasoning, told in this field."""

    def bend(answer: Answer, params: Params) -> Answer:
        half = answer.tokens // 2
        words = answer.reasoning + answer.content
        return replace(
            answer,
            reasoning=words[:half],
            content=words[half:],
            reasoning_in=reasoning_in,
            content_in=content_in,
        )

    return bend


def usage_zero(answer: Answer, params: Params) -> Answer:
    return replace(answer, usage_more=bodies.usage(0, 0))


def usage_with(name: str, default: str) -> Callable[[Answer, Params], Answer]:
    """A field of the usage as the parameter `value` has it: a number, or words."""

    def bend(answer: Answer, params: Params) -> Answer:
        said = params.get("value", default)
        try:
            value: Any = float(said)
        except ValueError:
            value = said
        return replace(answer, usage_more={name: value})

    return bend
