"""A benchmark that is asked for: read, bounded, checked, before anything is queued."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from fastapi import Request
from pydantic_core import from_json

from api.errors import Problem, invalid
from api.parts import Parts
from api.submission.check import check_models, check_providers
from api.submission.form import form_name, read_form
from api.submission.providers import Expanded, expand
from api.submission.validated import validated
from shared.about import About, parted
from shared.errors import BadPlan
from shared.opinion import upstreams_of
from shared.plan import Plan, check_prompts, check_size, check_targets
from shared.settings import Settings
from shared.upstream import check_upstreams

LARGE_BYTES = 256 * 1024
"""Plans above it are read one at a time: threads that parse leave little of the
interpreter to each other, and to those who ask for something small."""


async def read_submission(
    request: Request, parts: Parts
) -> tuple[Expanded, About, list[str]]:
    """The plan in the request, what is said of it there, and warnings about it.

    Raises a Problem or BadPlan for whatever cannot be run as asked.
    """
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    name: Callable[[str], str] = str
    if media_type == "multipart/form-data":
        name = form_name
        plan, about = await read_form(content_type, request.stream(), parts.settings)
    elif media_type == "application/json":
        body = bytearray()  # and not `request.body()`, which has it twice at its end
        async for chunk in request.stream():
            body += chunk
        # In a thread: most of the time goes into functions of ours, between which the
        # others are served.
        async with parts.large if len(body) > LARGE_BYTES else nullcontext():
            plan, about = await asyncio.to_thread(_of_json, body, parts.settings)
        del body
    else:
        raise Problem(
            "unsupported-media-type",
            f"{media_type[:60] or 'No content type'!r} is not understood. Send a plan"
            " as application/json, or a form with prompt_file as multipart/form-data.",
            headers={"Accept-Post": "application/json, multipart/form-data"},
        )
    expanded, warnings = await checked(plan, parts, name)
    return expanded, about, warnings


async def checked(
    plan: Plan, parts: Parts, name: Callable[[str], str]
) -> tuple[Expanded, list[str]]:
    """The plan with its `providers` looked up, and warnings; raises a Problem or
    BadPlan for what cannot be run as asked.

    name: what a field of the plan is called in the request.
    """
    try:
        check_upstreams(plan, parts.contacts.names)
        at = await parts.contacts.meet(upstreams_of(plan))
    except BadPlan as error:
        error.field = name(error.field)
        raise
    expanded = await expand(plan, parts, name)
    plan = expanded.plan
    try:
        await asyncio.to_thread(check_size, plan, parts.settings)
        check_providers(plan, at)
    except BadPlan as error:
        error.field = name(error.field)
        raise
    warnings = [there.upstream.warning(there.called) for there in at.values()]
    warnings += expanded.warnings
    warnings += await check_models(plan, parts, name)
    return expanded, [warning for warning in warnings if warning]


def _of_json(body: bytearray, limits: Settings) -> tuple[Plan, About]:
    """The plan that a body is, and what it says of the run. Lists over a cap are
    refused before their items are looked at."""
    try:
        record = from_json(body)
    except ValueError as error:
        raise invalid([("body", f"It is not JSON: {error}.")]) from None
    body.clear()
    said: dict[str, Any] = {}
    if isinstance(record, dict):
        said, record = parted(record)
        prompts = record.get("prompts")
        inline = prompts.get("prompts") if isinstance(prompts, dict) else None
        for listed, check in (
            (record.get("targets"), check_targets),
            (inline, check_prompts),
        ):
            if isinstance(listed, list):
                check(len(listed), limits)
    return validated(said, record, str)
