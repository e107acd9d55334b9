"""A new benchmark: a form that makes a plan, and says what it would cost.

The plan itself goes to `POST /benchmark`, as everybody's does. Here are the page, what
a prompt file holds, and the picture of the load.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.deps import PartsDep
from api.errors import invalid
from api.pages.shape import shape
from api.pages.shell import page
from shared.analysis import least_n
from shared.comparison.looks import LEAST_BEYOND
from shared.money import BYTES_PER_TOKEN
from shared.plan import Plan
from shared.plan.prompts.files import PromptReader, format_of
from shared.plan.prompts.prompt import Prompt
from shared.recipes import question_of

router = APIRouter(include_in_schema=False)

SHOWN = 8
"""Prompts of the preview."""

EXAMPLES = (
    "Explain in two sentences why the sky is blue.",
    "Объясни в двух предложениях, почему небо голубое.",
    "Write a haiku about a slow network.",
)

RECIPES = {
    "providers": "which provider",
    "curve": "how much load",
    "budget": "which model for the money",
    "router-vs-direct": "router or direct",
    "cold-vs-warm": "cold or warm cache",
}
"""In so many words beside the title; what they are is in `shared.recipes`."""

_INTERVAL = {50: 6, 90: 36, 95: 72, 99: 368}
"""So many calls give a percentile an interval with two ends (docs/metrics.md)."""


@router.get("/new")
async def new(
    request: Request,
    parts: PartsDep,
    recipe: Annotated[str, Query(max_length=60)] = "",
    like: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The form. What it begins with may come from elsewhere: a recipe, or a run that
    it shall be like, in the address; what `/try` left in `sessionStorage`. The page's
    script puts it into the fields."""
    del recipe, like
    settings = parts.settings
    carried = {
        "examples": EXAMPLES,
        "bytes_per_token": BYTES_PER_TOKEN,
        "beyond_pairs": LEAST_BEYOND,
        "needs": {p: {"upper": least_n(p), "both": n} for p, n in _INTERVAL.items()},
    }
    return page(
        request,
        "new.html",
        carried=carried,
        recipes=[(name, words, question_of(name)) for name, words in RECIPES.items()],
        has_store=parts.store is not None,
        most_bytes=settings.max_upload_bytes,
    )


@router.post("/new/prompts")
async def prompts(
    request: Request,
    parts: PartsDep,
    name: Annotated[str, Query(max_length=300)] = "prompts.txt",
) -> dict[str, Any]:
    """What a prompt file holds, read as it arrives: the same reader as an upload's.

    Nothing is kept. The tokens are a guess, by the bytes, as in a quote.
    """
    reader = PromptReader(format_of(name, None), parts.settings)
    async for chunk in request.stream():
        reader.feed(chunk)
    found = reader.finish().prompts
    counted = [_tokens(each) for each in found]
    return {
        "count": len(found),
        "tokens": sum(counted),
        "preview": [
            {"text": _text(each)[:400], "tokens": tokens}
            for each, tokens in zip(found[:SHOWN], counted, strict=False)
        ],
        "prompts": [_as_given(each) for each in found],
    }


@router.post("/new/shape")
async def picture(plan: Annotated[dict[str, Any], Body()]) -> list[dict[str, Any]]:
    """When the calls of this load would begin.

    plan: `load`, `sweep` and `runs` (here: all calls) alone; whom it asks what is not
    needed.
    """
    said = {name: plan[name] for name in ("load", "sweep", "runs") if plan.get(name)}
    stands_for = {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["?"]}, **said}
    try:
        made = Plan.model_validate(stands_for)
    except ValidationError as error:
        raise invalid(
            (".".join(str(part) for part in each["loc"]), each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ) from None
    return shape(made)


def _as_given(prompt: str | Prompt) -> str | dict[str, Any]:
    """As a plan may have it, with the fields that the file gave and no others."""
    if isinstance(prompt, str):
        return prompt
    return prompt.model_dump(mode="json", exclude_unset=True)


def _text(prompt: str | Prompt) -> str:
    turns = Prompt(prompt=prompt).turns() if isinstance(prompt, str) else prompt.turns()
    return "\n".join(turn.content for turn in turns)


def _tokens(prompt: str | Prompt) -> int:
    return -(-len(_text(prompt).encode()) // BYTES_PER_TOKEN)
