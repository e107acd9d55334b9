"""Faults that make the model say something else, or in other fields.

Each takes an answer and the fault's arguments and returns another answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator import bodies
from simulator.faults.fault import Bend, Fault, Params, having
from simulator.reply import Answer


def from_head(**changes: Any) -> Bend:
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


def wrong(answer: Answer, params: Params) -> Answer:
    """As many tokens, and none of the prompt's words."""
    return replace(answer, content=tuple(" boh" for _ in answer.content))


def line_separators(answer: Answer, params: Params) -> Answer:
    # Characters at which str.splitlines and some line readers cut, and JSON does not.
    odd = tuple(piece + "\u2028\u0085" for piece in answer.content)
    return replace(answer, content=odd)


def nul(answer: Answer, params: Params) -> Answer:
    return replace(answer, content=tuple(piece + "\0" for piece in answer.content))


def half_reasoning(
    reasoning_in: bodies.ReasoningField, content_in: bodies.ContentField = "content"
) -> Bend:
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


TEXTS: dict[str, Fault] = {
    "thinks-once": Fault(
        "Everything is said as reasoning, and billed, the first time that a prompt is "
        "asked, then an answer.",
        bend=reasoning_only,
        first=1,
    ),
    "empty": Fault("A proper end without any text.", bend=empty),
    "content-null": Fault("A proper end; the content is null.", bend=null_content),
    "reasoning-only": Fault("Everything is said as reasoning.", bend=reasoning_only),
    "length-before-text": Fault(
        "Hidden reasoning uses up all tokens: finish_reason `length`, no text.",
        bend=length_before_text,
    ),
    "refusal": Fault("The model refuses, in its own field.", bend=refusal),
    "tool-call": Fault(
        "A tool call whose arguments are null, and no text, which is an answer.",
        bend=tool_call,
    ),
    "text-then-tool-call": Fault(
        "All text, then a tool call.", bend=text_then_tool_call
    ),
    "tool-call-in-pieces": Fault(
        "Each token is a piece of a tool call's arguments.",
        bend=tool_call_in_pieces,
    ),
    "function-call": Fault(
        "The older `function_call`, and no text.", bend=function_call
    ),
    "finish-null": Fault(
        "finish_reason stays null to the end.",
        bend=having(finish_reason=None, native_finish_reason=None),
    ),
    "native-finish-null": Fault(
        "native_finish_reason is null.", bend=having(native_finish_reason=None)
    ),
    "content-filter": Fault(
        "Text, and a finish_reason of `content_filter`.",
        bend=having(finish_reason="content_filter"),
    ),
    "role-alone": Fault(
        "A first chunk with a role and no text.", bend=having(role="alone")
    ),
    "role-once": Fault(
        "Only the first chunk names the role.", bend=having(role="once")
    ),
    "role-never": Fault("No chunk names the role.", bend=having(role="never")),
    "reasoning-details": Fault(
        "Half of it is reasoning, told as `reasoning_details` alone.",
        bend=half_reasoning("reasoning_details"),
    ),
    "reasoning-content": Fault(
        "Half of it is reasoning, told as `reasoning_content`.",
        bend=half_reasoning("reasoning_content"),
    ),
    "thinking": Fault(
        "Half of it is reasoning, told as `thinking`.",
        bend=half_reasoning("thinking"),
    ),
    "content-parts": Fault(
        "Content is a list of parts: half of it thinking, then text and references.",
        bend=half_reasoning("content", "parts"),
    ),
    "model-dated": Fault("The dated slug as `model`.", bend=dated_model),
    "model-other": Fault(
        "Another model answered.", bend=from_head(model="acme/fallback-1b")
    ),
    "provider-other-case": Fault(
        "The provider's name in other letters.", bend=from_head(provider="HARBOR")
    ),
    "provider-missing": Fault("No provider is named.", bend=from_head(provider=None)),
    "wrong": Fault(
        "An answer as long as ever, in which no word of the prompt is.", bend=wrong
    ),
    "many-tokens-a-chunk": Fault(
        "An event brings several `tokens`.", bend=many_tokens_a_chunk
    ),
    "line-separators": Fault(
        "U+2028 and U+0085 in the text, where careless readers cut lines.",
        bend=line_separators,
    ),
    "nul": Fault("A NUL after each token.", bend=nul),
}
