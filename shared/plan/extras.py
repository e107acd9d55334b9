"""What a plan adds to each request beside what it says itself: fields of the body and
headers, some of which are not its to set.

A field that we send already, or that changes who answers or how often, would make the
figures those of another question; a header of HTTP's own framing would make one request
pass for two; and what is secret does not belong into a plan, which is stored and shown.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import from_json, to_json

from shared.standards.headers import check
from shared.standards.key_forms import SURE

MOST_BYTES = 16 * 1024

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

_STORED = "and a plan is stored and shown; the key belongs into OPENROUTER_API_KEY"


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
    check(headers, _STORED)
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
