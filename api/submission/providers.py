"""`providers` of a target: a pinned target for each healthy provider of its model.

They are looked up once, when a benchmark is queued, so that its plan says whom it asks
and a rerun asks the same. What the upstream says of them then is kept beside the plan.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.errors import invalid
from api.parts import Parts
from shared.clock import utc_label
from shared.plan import Plan, Target, Targets, check_targets
from shared.upstream import Endpoint, ListedProvider

LEAST_UPTIME = 90.0
"""Per cent of the last 30 minutes; under that a provider is not healthy."""

_TARGETS: TypeAdapter[tuple[Target, ...]] = TypeAdapter(Targets)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A plan whose targets are plain, and what is known of the providers among them."""

    asked: Plan
    """As it was sent: by this a request is known again."""
    plan: Plan
    listed: tuple[ListedProvider, ...] = ()
    """Those that are targets first, then those that were left out."""
    warnings: tuple[str, ...] = ()

    def kept(self) -> list[dict[str, Any]]:
        """What was listed, as a run keeps it."""
        return [one.model_dump(mode="json") for one in self.listed]


async def expand(plan: Plan, parts: Parts, name: Callable[[str], str]) -> Expanded:
    """The plan with its `providers` looked up; as it is where it asks for none.

    Raises a Problem where a model has no healthy provider, or nobody tells, and
    CatalogueDown.
    """
    asked = [target for target in plan.targets if target.providers]
    if not asked:
        return Expanded(plan, plan)
    endpoints = await _endpoints(asked, parts)
    at = utc_label()
    targets: list[Target] = []
    listed: list[ListedProvider] = []
    for number, target in enumerate(plan.targets):
        if not target.providers:
            targets.append(target)
            continue
        found = chosen(target, endpoints.get((target.at, target.model), ()), at)
        named = [one for one in found if one.left_out is None]
        if not named:
            field = name(f"targets[{number}].providers")
            raise invalid([(field, _nobody(target, found))])
        targets += (target.pinned_to(one.slug) for one in named)
        listed += found
    check_targets(len(targets), parts.settings)
    try:
        pinned = _TARGETS.validate_python(targets)
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise invalid([(name("targets"), f"{said}.")]) from None
    listed.sort(key=lambda one: one.left_out is not None)
    expanded = plan.model_copy(update={"targets": pinned})
    return Expanded(plan, expanded, tuple(listed), _warnings(listed))


async def _endpoints(
    asked: Sequence[Target], parts: Parts
) -> dict[tuple[str, str], Sequence[Endpoint]]:
    """Who runs each model at each upstream; those that do not tell it are left out."""
    found: dict[tuple[str, str], Sequence[Endpoint]] = {}
    for upstream in dict.fromkeys(target.at for target in asked):
        contact = parts.contacts.of(upstream)
        if not (await contact.meet()).speaks_openrouter:
            continue
        models = dict.fromkeys(t.model for t in asked if t.at == upstream)
        told = await asyncio.gather(*map(contact.catalogue.endpoints, models))
        for model, each in zip(models, told, strict=True):
            found[upstream, model] = each or ()
    return found


def chosen(
    target: Target, endpoints: Sequence[Endpoint], at: str
) -> list[ListedProvider]:
    """All of them, the cheapest first; those that are no target say why.

    at: when they were read.
    """
    told: list[ListedProvider] = []
    names: set[str] = set()
    left = len(endpoints) if target.providers == "all" else target.providers or 0
    for one in sorted(endpoints, key=_usd):
        why = _unhealthy(one)
        if why is None and one.tag in names:
            why = "it is listed twice"
        elif why is None and not left:
            why = f"{target.providers} are cheaper"
        if why is None:
            names.add(one.tag)
            left -= 1
        told.append(
            ListedProvider(
                **dict(one.told()),
                at=at,
                model=target.model,
                target=target.pinned_to(one.tag).label() if why is None else None,
                left_out=why,
            )
        )
    return told


def _usd(one: Endpoint) -> tuple[bool, Decimal]:
    """By a token of the prompt and one of the answer; an unknown price comes last."""
    price = one.price
    return price is None, price.prompt + price.completion if price else Decimal(0)


def _unhealthy(one: Endpoint) -> str | None:
    if one.status:
        return f"its status is {one.status}, and a healthy one has 0"
    uptime = one.uptime_last_30m
    if uptime is not None and uptime < LEAST_UPTIME:
        return f"it answered {uptime:g} % of calls in the last 30 minutes"
    return None


def _nobody(target: Target, told: Sequence[ListedProvider]) -> str:
    if not told:
        return (
            f"The upstream does not say who runs {target.model}. Leave `providers` out,"
            " or name each by `provider`."
        )
    said = "; ".join(f"{one.slug}: {one.left_out}" for one in told)
    return f"No provider of {target.model} is healthy ({said}). Name one by `provider`."


def _warnings(listed: Sequence[ListedProvider]) -> tuple[str, ...]:
    return tuple(
        f"{one.slug} is no target for {one.model}: {one.left_out}."
        for one in listed
        if one.left_out is not None
    )
