"""How much a plan asks, and whether it is allowed; before anything is queued.

Numbers alone: a plan of a billion prompts a billion times costs nothing to refuse.
"""

from math import ceil

from shared.errors import TooMuch
from shared.plan.loads import Load
from shared.plan.loads.fields import UNCAPPED
from shared.plan.loads.shape import is_open
from shared.plan.loads.sweep import at_value
from shared.plan.plan import Plan
from shared.plan.steps import Step, steps
from shared.settings import Settings

_MADE = 4
"""Synthetic prompts may have so many times MAX_UPLOAD_BYTES."""


def most_calls(plan: Plan) -> int | None:
    """Calls at most, over all steps and warm-ups, since all of them cost money.

    A search counts as `max_steps` steps at `high`. A load that time ends counts by its
    mean rate; None for a closed one, where the upstream's speed decides.
    Every slot may need all the retries of the plan.
    """
    known = steps(plan)
    times = 1 + plan.retries.max if plan.retries else 1
    if plan.find:
        times *= plan.find.max_steps
        dearest = at_value(plan.load, plan.find.over, plan.find.high)
        calls = [_calls(step, dearest) for step in known]
    else:
        calls = [_calls(step, step.load) for step in known]
    return None if None in calls else times * sum(each or 0 for each in calls)


def check_size(plan: Plan, limits: Settings) -> None:
    """Refuse what is over a cap, before anything is queued.

    Raises TooMuch, which names the field, the value and the setting to change.
    """
    check_targets(len(plan.targets), limits)
    check_prompts(plan.prompts.count(), limits)
    _check_lanes(plan, limits.max_concurrency)
    _check_calls(plan, limits.max_calls)
    over = plan.prompts.over(limits.max_prompt_bytes)
    if over:
        raise TooMuch(
            f"Prompt {over[0]} has {over[1]} bytes; at most {limits.max_prompt_bytes}"
            " are allowed. Shorten it, or raise MAX_PROMPT_BYTES.",
            "prompts",
        )
    _check_made(plan, limits.max_upload_bytes)


def _check_made(plan: Plan, cap: int) -> None:
    """Texts that a plan of a few bytes makes up are bounded as if they had been sent,
    and some: each is made several times before anything is queued."""
    made = plan.prompts.made_bytes()
    if made > _MADE * cap:
        raise TooMuch(
            f"The prompts would be {made} bytes of text; at most {_MADE * cap} are"
            " allowed. Make fewer or shorter ones, or raise MAX_UPLOAD_BYTES.",
            "prompts",
        )


def check_targets(number: int, limits: Settings) -> None:
    """Raises TooMuch for more targets than MAX_TARGETS."""
    _check_number("targets", number, limits.max_targets, "MAX_TARGETS")


def check_prompts(number: int, limits: Settings) -> None:
    """Raises TooMuch for more prompts than MAX_PROMPTS."""
    _check_number("prompts", number, limits.max_prompts, "MAX_PROMPTS")


def _check_number(field: str, number: int, cap: int, setting: str) -> None:
    if number > cap:
        raise TooMuch(
            f"{number} {field} are more than the {cap} allowed. Send fewer, or raise"
            f" {setting}.",
            field,
        )


def _check_lanes(plan: Plan, cap: int) -> None:
    field, loads = "load", [step.load for step in steps(plan)]
    if plan.sweep:
        field = "sweep.values"
    if plan.find:
        field = "find.high"
        loads.append(at_value(plan.load, plan.find.over, plan.find.high))
    most = max(map(_lanes_asked, loads))
    if most > cap:
        raise TooMuch(
            f"{most} calls open at once are more than the {cap} allowed. Lower"
            f" `{field}`, or raise MAX_CONCURRENCY.",
            field,
        )


def _lanes_asked(load: Load) -> int:
    """Lanes that the plan names; an open load without a number asks for none."""
    lanes = load.most_lanes()
    return 0 if lanes == UNCAPPED and is_open(load) else lanes


def _check_calls(plan: Plan, cap: int) -> None:
    calls = most_calls(plan)
    if calls is None or calls <= cap:
        return
    load = plan.load
    if load.count is not None:
        field, what = "load.count", f"{load.count} slots"
        remedy = "Lower `load.count`"
    elif load.duration_s is not None:
        field, what = "load.duration_s", f"The rate for {load.duration_s:g} s"
        remedy = "Shorten `load.duration_s` or lower the rate"
    else:
        field = "runs"
        what = (
            f"{plan.prompts.count()} prompts x {plan.runs} runs x"
            f" {len(plan.targets)} targets"
        )
        remedy = "Lower `runs` or send fewer prompts"
    if load.warmup:
        what += f" and {load.warmup} of warm-up"
    more = []
    if plan.sweep:
        more.append(f"at {len(plan.sweep.values)} values of the sweep")
    if plan.find:
        more.append(f"in up to {plan.find.max_steps} steps of the search")
    if plan.retries:
        more.append(f"each made again up to {plan.retries.max} times")
    what = ", ".join((what, *more)) + ("," if more else "")
    raise TooMuch(
        f"{what} make {calls} calls; at most {cap} are allowed. {remedy}, or raise"
        " MAX_CALLS.",
        field,
    )


def _calls(step: Step, load: Load) -> int | None:
    """Slots of a step at most, under `load`."""
    by_time = None
    if step.duration_s is not None:
        mean = load.slots_by(step.duration_s)
        by_time = None if mean is None else ceil(mean)
    known = [calls for calls in (step.count, by_time) if calls is not None]
    return min(known) if known else None
