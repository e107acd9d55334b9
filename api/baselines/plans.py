"""What differs between plans, and what of it keeps their runs from being compared."""

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from shared.comparison import Difference
from shared.plan import Plan

_OTHER_WORK = frozenset(
    {
        *("prompts", "max_tokens", "max_tokens_field", "system_prompt", "temperature"),
        *("stream", "extra", "extra_headers", "unique_prefix", "load", "sweep", "find"),
        *("retries", "seed", "checks"),
    }
)
"""Fields of a plan that make other work of it: a difference would not tell what made
it."""
_NO_MATTER = frozenset(
    {
        *("schema_version", "targets", "submitter", "keep_answers", "keep_events"),
        *("order_seed", "max_cost_usd", "allow_unknown_prices", "max_error_share"),
        *("slo", "stall_s"),
    }
)
"""Fields that change no call."""
_OWN = ("max_tokens", "temperature", "extra", "unique_prefix", "routing")
"""Of a target: those that a plan has, too, make other work of it."""
_MOST = 60

Digests = Callable[[int], frozenset[str]]
"""SHA-256 of the prompts of the plan at this place."""


def of_plans(plans: Sequence[Plan], prompts: Digests) -> Iterator[Difference]:
    """Each field that is not the same in all of them and matters.

    prompts: asked only where the plans do not say the same of them.
    """
    for name in Plan.model_fields:
        said = [getattr(plan, name) for plan in plans]
        if name in (*_NO_MATTER, "checks") or all(each == said[0] for each in said):
            continue
        values = [_field(name, each) for each in said]
        if name == "prompts":
            values = [_of_prompts(prompts(place)) for place in range(len(plans))]
        if (found := difference(name, values)) is not None:
            yield found
    if (found := difference("checks", [_checks(plan) for plan in plans])) is not None:
        yield found
    yield from _of_targets(plans)


def _checks(plan: Plan) -> str:
    """Those of the plan, and those of its prompts, whose texts may be others'."""
    if not plan.has_checks:
        return "none"
    asked = {repr(plan.checks_of(n)) for n in range(plan.prompts.count())}
    return _digest("\n".join(sorted(asked)))


def _of_targets(plans: Sequence[Plan]) -> Iterator[Difference]:
    """Options that a target of one name has of its own, and not in all of them."""
    each = [{target.label(): target for target in plan.targets} for plan in plans]
    for label in each[0]:
        if all(label in targets for targets in each):
            for name in _OWN:
                said = [getattr(targets[label], name) for targets in each]
                found = difference(
                    f"{label}: {name}", [_field(name, value) for value in said]
                )
                if found is not None:
                    yield found


def prompts_of(plan: Plan) -> frozenset[str]:
    """SHA-256 of each prompt that it asks."""
    every = range(plan.prompts.count())
    return frozenset(plan.prompts.prompt(index).sha256() for index in every)


def difference(what: str, values: Sequence[str]) -> Difference | None:
    """Something in which runs differ; None where they do not."""
    if len(set(values)) < 2:
        return None
    short = tuple(value[:_MOST] for value in values)
    if len(set(short)) < len(set(values)):  # they differ where they are cut
        short = tuple(_digest(value) for value in values)
    field = what.rpartition(": ")[2]
    return Difference(what=what, values=short, bars=field in _OTHER_WORK)


def in_words(found: Sequence[Difference]) -> str:
    """What makes other work of them, with the values of each; empty without any."""
    return "; ".join(
        f"{each.what}: {' and '.join(each.values)}" for each in found if each.bars
    )


def text(value: Any) -> str:
    """A value in short."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def _of_prompts(digests: frozenset[str]) -> str:
    """By a digest of those that were asked: texts are nobody's business here."""
    return f"{len(digests)} ({_digest(' '.join(sorted(digests)))})"


def _field(name: str, value: Any) -> str:
    if name == "system_prompt":
        return "none" if value is None else _digest(value)
    if name in ("extra", "extra_headers"):
        return _digest(text(dict(value))) if value else "none"
    return text(value)


def _digest(said: str) -> str:
    return sha256(said.encode()).hexdigest()[:12]
