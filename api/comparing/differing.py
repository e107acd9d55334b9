"""What differs between runs, beside what they measured."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from shared.comparison import Difference
from shared.outputs.calls import RunCalls
from shared.plan import Plan

_OTHER_WORK = frozenset(
    {
        *("prompts", "max_tokens", "max_tokens_field", "system_prompt", "temperature"),
        *("stream", "extra", "extra_headers", "unique_prefix", "load", "sweep", "find"),
        *("retries", "seed"),
    }
)
"""Fields of a plan that make other work of it: a difference would not tell what made
it."""
_NO_MATTER = frozenset(
    {
        *("schema_version", "targets", "submitter", "keep_answers", "keep_events"),
        *("order_seed", "max_cost_usd", "allow_unknown_prices", "max_error_share"),
        "slo",
    }
)
"""Fields that change no call."""
_OBSERVED = ("versions", "hosts", "gc_policy", "proxy")
_MOST = 60

One = tuple[Plan, dict[str, Any], RunCalls]


def differences(runs: Sequence[One]) -> tuple[Difference, ...]:
    """What differs in plans, versions, machines and upstreams, in this order."""
    first = runs[0][0]
    found = [
        _difference(name, [_field(run, name) for run in runs])
        for name in Plan.model_fields
        if name not in _NO_MATTER
        # where a run was cut short, not all of its prompts were asked
        and any(getattr(plan, name) != getattr(first, name) for plan, *_ in runs)
    ]
    for name in _OBSERVED:
        seen = [(run[1].get("observations") or {}).get(name) for run in runs]
        found.append(_difference(name, [_text(each) for each in seen]))
    upstreams = [", ".join(run[2].upstreams) or "unknown" for run in runs]
    found.append(_difference("upstream", upstreams))
    return tuple(each for each in found if each is not None)


def _difference(what: str, values: Sequence[str]) -> Difference | None:
    if len(set(values)) < 2:
        return None
    short = tuple(value[:_MOST] for value in values)
    if len(set(short)) < len(set(values)):  # they differ where they are cut
        short = tuple(_digest(value) for value in values)
    return Difference(what=what, values=short, bars=what in _OTHER_WORK)


def _field(run: One, name: str) -> str:
    """In short. Prompts by a digest of those that were asked: texts are nobody's
    business here."""
    plan, _, calls = run
    if name == "prompts":
        return f"{len(calls.prompts)} ({_digest(' '.join(sorted(calls.prompts)))})"
    if name == "system_prompt":
        return "none" if plan.system_prompt is None else _digest(plan.system_prompt)
    if name in ("extra", "extra_headers"):
        value = plan.model_dump(mode="json")[name]
        return _digest(_text(value)) if value else "none"
    return _text(getattr(plan, name))


def _text(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
