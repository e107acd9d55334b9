"""What a plan adds to each request beside what it says itself: fields of the body and
headers, some of which are not its to set.

A field that we send already, or that changes who answers or how often, would make the
figures those of another question; a header of HTTP's own framing would make one request
pass for two; and what is secret does not belong into a plan, which is stored and shown.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import from_json, to_json

from shared.standards.http import TOKEN
from shared.standards.key_forms import SURE

MOST_BYTES = 16 * 1024
MOST_HEADERS = 32
MOST_HEADER_BYTES = 1024

_BODY = {
    **dict.fromkeys(("model", "messages", "stream", "max_tokens"), "the plan says it"),
    "max_completion_tokens": "`max_tokens` says it, and `max_tokens_field` how",
    "stream_options": "the plan's own `stream_options` says it",
    **dict.fromkeys(("temperature", "seed"), "the plan has a field of that name"),
    **dict.fromkeys(("prompt", "input"), "the plan's `prompts` say it"),
    **dict.fromkeys(("models", "route"), "other models would answer than are named"),
    **dict.fromkeys(("n", "best_of"), "a call has one answer"),
}
PRICED = ("plugins", "web_search_options", "service_tier", "modalities", "tools")
"""Fields by which a call may cost more than its tokens; refused under a budget."""

_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection"),
        *("accept-encoding", "content-encoding", "expect", "te", "trailer", "upgrade"),
        *("keep-alive", "proxy-connection", "traceparent", "tracestate"),
        *("http-referer", "x-openrouter-title"),
    }
)
_SECRET = re.compile(r"auth|token|secret|passw|cookie|api-?key|credential")
_STORED = "and a plan is stored and shown; the key belongs into OPENROUTER_API_KEY"
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def _fields(extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in extra:
        if name in _BODY:
            raise ValueError(f"{name!r} cannot be set here: {_BODY[name]}")
    said = to_json(extra)
    if from_json(said) != extra:
        raise ValueError("it holds a number that JSON has no word for; leave it out")
    size = len(said)
    if size > MOST_BYTES:
        raise ValueError(f"it has {size} bytes as JSON and may have {MOST_BYTES}")
    if SURE.search(said.decode()):
        raise ValueError(f"it holds a key by its looks, {_STORED}")
    return extra


def _headers(headers: dict[str, str]) -> dict[str, str]:
    if len(headers) > MOST_HEADERS:
        raise ValueError(f"it has {len(headers)} headers and may have {MOST_HEADERS}")
    seen = set[str]()
    for name, value in headers.items():
        lower = name.lower()
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a header name")
        if lower in _HEADERS:
            raise ValueError(f"{name!r} is set by the client itself; leave it out")
        if _SECRET.search(lower):
            raise ValueError(f"{name!r} looks like a secret, {_STORED}")
        if SURE.search(value):
            raise ValueError(f"{name!r} holds a key by its looks, {_STORED}")
        if lower in seen:
            raise ValueError(f"{name!r} is given twice, in other letters")
        if len(value) > MOST_HEADER_BYTES or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(
                f"the value of {name!r} must be printable ASCII of at most"
                f" {MOST_HEADER_BYTES} characters"
            )
        seen.add(lower)
    return headers


Extra = Annotated[
    dict[str, JsonValue],
    AfterValidator(_fields),
    Field(
        description="Fields to add to the body of each request, as the upstream knows"
        f" them; at most {MOST_BYTES} bytes.",
        examples=[{"top_p": 0.9, "reasoning": {"effort": "low"}}],
    ),
]
ExtraHeaders = Annotated[
    dict[str, str],
    AfterValidator(_headers),
    Field(
        description="Headers to add to each request. They are stored with the plan: no"
        " secrets.",
        examples=[{"X-Experiment": "blue"}],
    ),
]
