"""Answers of forms that nobody agreed on, as several tests need them."""

from pydantic_core import to_json

from tests.shared.answer.answers import USAGE, text

THREE = text("a", "b", "c")

ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def event(data: object, name: str = "") -> bytes:
    """One event; data: its JSON, or its bytes as they are."""
    body = data if isinstance(data, bytes) else to_json(data)
    return (f"event: {name}\n" if name else "").encode() + b"data: " + body + b"\n\n"


def message(**fields: object) -> bytes:
    """A whole answer with this message in it."""
    choice = {"index": 0, "finish_reason": "stop", "message": fields}
    return to_json({"id": "gen-1", "choices": [choice], "usage": USAGE})


FLAT = [
    ({"code": 429, "message": "Slow down"}, "Slow down", 429),
    ({"code": "429", "message": "Slow down"}, "Slow down", 429),
    ({"code": "rate_limit_exceeded", "message": "Slow down"}, "Slow down", 429),
    ({"status": 429, "title": "Too many"}, "Too many", 429),
    ({"status_code": 429, "message": "Slow down"}, "Slow down", 429),
    ({"code": "1302", "msg": "Busy"}, "Busy", None),
    ({"error_code": 336100, "error_msg": "Try again"}, "Try again", None),
    (
        {"object": "error", "message": "No such model", "code": 404},
        "No such model",
        404,
    ),
    ({"object": "error", "message": "Oh", "type": "BadRequest"}, "Oh", None),
    ({"type": "overloaded_error", "message": "Overloaded"}, "Overloaded", None),
    ({"type": "rate_limit_error", "message": "Slow down"}, "Slow down", 429),
    ({"detail": "Not authenticated"}, "Not authenticated", None),
    (
        {"detail": [{"loc": ["body"], "msg": "field required"}]},
        "body: field required",
        None,
    ),
    ({"success": False, "errors": [{"code": 7, "message": "No"}]}, "No", None),
    ({"error": True, "message": "It broke"}, "It broke", None),
    ({"error": 1, "code": 500, "message": "It broke"}, "It broke", 500),
    ([{"error": {"code": 429, "message": "Quota"}}], "Quota", 429),
]
"""(what is said, its sentence, its code)"""

PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
    {"type": "thinking", "thinking": "m"},
    {"type": "text", "text": "Lis"},
    {"type": "reference", "reference_ids": [1]},
    {"type": "text", "text": "bon."},
]

CALLS = [
    {
        "tool_calls": [
            {"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}
        ]
    },
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
]
