"""Whether the upstream can do what a plan asks: models, providers, contexts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from api.errors import Problem
from api.parts import Parts
from shared.errors import BadPlan, CatalogueDown
from shared.opinion import judge_targets, upstreams_of
from shared.plan import Plan
from shared.settings import DEFAULT, Settings
from shared.upstream import (
    Contact,
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


def check_providers(plan: Plan, at: Mapping[str, Settings]) -> None:
    """Raises BadPlan for a target that is pinned or routed where nobody would heed it.

    at: the settings at each upstream of the plan."""
    for index, target in enumerate(plan.targets):
        try:
            dialect_of(at[target.at]).check(target.provider, target.routing)
        except BadPlan as error:
            what = "routing" if target.routing else "provider"
            error.field = f"targets[{index}].{what}"
            raise


async def check_models(
    plan: Plan, parts: Parts, name: Callable[[str], str]
) -> list[str]:
    """Warnings; raises a Problem for a model that a fresh listing does not have, and
    for a prompt that its context cannot hold."""
    warnings, listed = list[str](), set[str]()
    for upstream in upstreams_of(plan):
        contact = parts.contacts.of(upstream)
        try:
            async with asyncio.timeout(CATALOGUE_S):
                models = await contact.catalogue.models()
        except (CatalogueDown, TimeoutError) as error:
            why = str(error) or "The list of the upstream's models is not at hand yet."
            said = "The models' names and the prompts' lengths were not checked."
            warnings.append(f"{said} {why}")
            continue
        listed.add(upstream)
        warnings += await asyncio.to_thread(_check_names, plan, contact, models, name)
    rows = [
        (
            parts.contacts.of(target.at).catalogue.find(target.model)
            if target.at in listed
            else None
        )
        for target in plan.targets
    ]
    # Counting the words of 64 MiB takes a while, and others are being served.
    await asyncio.to_thread(_check_lengths, plan, rows, name)
    return warnings


def _check_names(
    plan: Plan, contact: Contact, models: tuple[Model, ...], name: Callable[[str], str]
) -> list[str]:
    settings, catalogue = contact.settings, contact.catalogue
    upstream = settings.upstream_name
    whom = (*plan.targets, *judge_targets(plan))
    fields = [f"targets[{n}].model" for n in range(len(plan.targets))]
    fields += ["checks"] * (len(whom) - len(fields))
    asked = [t.model if t.at == upstream else "" for t in whom]
    unknown = [model for model in asked if model and not catalogue.knows(model)]
    if not unknown:
        return []
    who = "the upstream" if upstream == DEFAULT else f"the upstream {upstream}"
    if not settings.speaks_openrouter or catalogue.stale:
        return [
            f"{model} is not in the list of models of {who}; its calls may fail."
            for model in unknown
        ]
    errors = []
    nearest = near_matches(unknown[0], models)
    for number, model in enumerate(unknown):
        near = near_matches(model, models) if 0 < number < MOST_HINTS else ()
        near = near if number else nearest
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        field = name(fields[asked.index(model)])
        said = f"{model} is not a model of {who}.{meant}"
        errors.append({"field": field, "message": said})
    where = "" if upstream == DEFAULT else f"&upstream={upstream}"
    raise Problem(
        "unknown-model",
        f"{errors[0]['message']} GET /models?filter=all{where} lists all of them.",
        errors=errors,
        suggestions=list(nearest),
    )


def _check_lengths(
    plan: Plan, rows: Sequence[Model | None], name: Callable[[str], str]
) -> None:
    """rows: of each target, where it is listed."""
    if not any(row and row.longest_context for row in rows):
        return
    system = least_tokens(plan.system_prompt or "")
    for index in range(plan.prompts.count()):
        prompt = plan.prompts.prompt(index)
        least = system + sum(least_tokens(turn.content) for turn in prompt.turns())
        for target, row in zip(plan.targets, rows, strict=True):
            most = plan.most_tokens(target, prompt)
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
