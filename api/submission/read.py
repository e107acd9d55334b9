"""A benchmark that is asked for: read, bounded, checked, before anything is queued."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from api.errors import Problem, invalid
from api.parts import Parts
from api.submission.form import FIELDS, FILE, form_name, read_form
from shared.errors import BadPlan, CatalogueDown
from shared.plan import Plan, check_prompts, check_size, check_targets, problems
from shared.settings import Settings
from shared.upstream import (
    Catalogue,
    Model,
    dialect_of,
    fits,
    least_tokens,
    near_matches,
)

MOST_HINTS = 5
"""Of so many unknown models it is said which ones may have been meant: a look at the
whole list takes some milliseconds."""

CATALOGUE_S = 3.0
"""A first listing that is still loading is waited for so long."""


async def read_submission(request: Request, parts: Parts) -> tuple[Plan, list[str]]:
    """The plan in the request, and warnings about it.

    Raises a Problem or BadPlan for whatever cannot be run as asked.
    """
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    name: Callable[[str], str] = str
    if media_type == "multipart/form-data":
        name = form_name
        plan = await read_form(content_type, request.stream(), parts.settings)
    elif media_type == "application/json":
        body = bytearray()  # and not `request.body()`, which has it twice at its end
        async for chunk in request.stream():
            body += chunk
        # In a thread: most of the time goes into functions of ours, between which the
        # others are served.
        plan = await asyncio.to_thread(_of_json, body, parts.settings)
        del body
    else:
        raise Problem(
            "unsupported-media-type",
            f"{media_type[:60] or 'No content type'!r} is not understood. Send a plan"
            " as application/json, or a form with prompt_file as multipart/form-data.",
            headers={"Accept-Post": "application/json, multipart/form-data"},
        )
    await parts.contact.meet()
    try:
        await asyncio.to_thread(check_size, plan, parts.settings)
        _check_providers(plan, parts.settings)
    except BadPlan as error:
        error.field = name(error.field)
        raise
    warnings = [parts.settings.upstream.warning()]
    warnings += await _check_models(plan, parts, name)
    return plan, [warning for warning in warnings if warning]


def _of_json(body: bytearray, limits: Settings) -> Plan:
    """The plan that a body is. Lists over a cap are refused before their items are
    looked at."""
    try:
        record = from_json(body)
    except ValueError as error:
        raise invalid([("body", f"It is not JSON: {error}.")]) from None
    body.clear()
    if isinstance(record, dict):
        prompts = record.get("prompts")
        inline = prompts.get("prompts") if isinstance(prompts, dict) else None
        for listed, check in (
            (record.get("targets"), check_targets),
            (inline, check_prompts),
        ):
            if isinstance(listed, list):
                check(len(listed), limits)
    try:
        return Plan.model_validate(record)
    except ValidationError as error:
        raise invalid(problems(error)) from None


def _check_providers(plan: Plan, settings: Settings) -> None:
    dialect = dialect_of(settings)
    for index, target in enumerate(plan.targets):
        try:
            dialect.check(target.provider)
        except BadPlan as error:
            error.field = f"targets[{index}].provider"
            raise


async def _check_models(
    plan: Plan, parts: Parts, name: Callable[[str], str]
) -> list[str]:
    """Warnings; raises a Problem for a model that a fresh listing does not have, and
    for a prompt that its context cannot hold."""
    catalogue = parts.catalogue
    try:
        async with asyncio.timeout(CATALOGUE_S):
            models = await catalogue.models()
    except (CatalogueDown, TimeoutError) as error:
        why = str(error) or "The list of the upstream's models is not at hand yet."
        return [f"The models' names and the prompts' lengths were not checked. {why}"]
    warnings = await asyncio.to_thread(_check_names, plan, parts, models, name)
    # Counting the words of 64 MiB takes a while, and others are being served.
    await asyncio.to_thread(_check_lengths, plan, catalogue, name)
    return warnings


def _check_names(
    plan: Plan, parts: Parts, models: tuple[Model, ...], name: Callable[[str], str]
) -> list[str]:
    asked = [target.model for target in plan.targets]
    unknown = [model for model in asked if not parts.catalogue.knows(model)]
    if not unknown:
        return []
    if not parts.settings.speaks_openrouter or parts.catalogue.stale:
        return [
            f"{model} is not in the upstream's list of models; its calls may fail."
            for model in unknown
        ]
    errors = []
    nearest = near_matches(unknown[0], models)
    for number, model in enumerate(unknown):
        near = near_matches(model, models) if 0 < number < MOST_HINTS else ()
        near = near if number else nearest
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        field = name(f"targets[{asked.index(model)}].model")
        said = f"{model} is not a model of the upstream.{meant}"
        errors.append({"field": field, "message": said})
    raise Problem(
        "unknown-model",
        f"{errors[0]['message']} GET /models?filter=all lists all of them.",
        errors=errors,
        suggestions=list(nearest),
    )


def _check_lengths(
    plan: Plan, catalogue: Catalogue, name: Callable[[str], str]
) -> None:
    rows = [catalogue.find(target.model) for target in plan.targets]
    if not any(row and row.longest_context for row in rows):
        return
    system = least_tokens(plan.system_prompt or "")
    for index in range(plan.prompts.count()):
        prompt = plan.prompts.prompt(index)
        least = system + sum(least_tokens(turn.content) for turn in prompt.turns())
        most = prompt.max_tokens or plan.max_tokens
        for row in rows:
            if row is None or fits(row, least, most):
                continue
            said = (
                f"Prompt {index} has at least {least} tokens, and with {most} of answer"
                f" that is more than the {row.longest_context} of {row.id}. Shorten it,"
                " lower max_tokens, or leave the model out."
            )
            field = name(f"prompts.prompts[{index}]")
            errors = [{"field": field, "message": said}]
            raise Problem("context-length", said, errors=errors)


def form_schema() -> dict[str, Any]:
    """The form, for OpenAPI. Without examples, which a page would fill in."""
    plan = Plan.model_json_schema()["properties"]
    kept = ("type", "anyOf", "enum", "default", "description", "minimum", "maximum")
    fields = {
        name: {word: plan[name][word] for word in kept if word in plan[name]}
        for name in FIELDS
        if name in plan
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [FILE, "model"],
        "properties": {
            FILE: {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "UTF-8: each line a prompt (.txt), or .jsonl, or .csv.",
            },
            "model": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 200},
                "minItems": 1,
                "description": "Repeat the field for several models.",
            },
            **fields,
            "concurrency": {
                "type": "integer",
                "default": 8,
                "minimum": 1,
                "description": "Calls open at once, for the whole run.",
            },
        },
    }
