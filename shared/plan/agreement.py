"""What the fields of a plan must not say against each other.

Each function is given a field and the fields before it, so that an error has the path
of the later one; a field that was refused itself is not among them.
"""

from typing import Literal

from pydantic import ValidationInfo

from shared.plan.extras import PRICED, Extra
from shared.plan.loads import Load
from shared.plan.loads.find import Find
from shared.plan.loads.shape import is_open
from shared.plan.loads.sweep import Sweep, check_load
from shared.plan.slo import STREAMED, Slo

OnOutage = Literal["wait", "count"]


def can_wait(on_outage: OnOutage | None, info: ValidationInfo) -> OnOutage | None:
    """Only a closed load can wait for an upstream that is down."""
    load: Load | None = info.data.get("load")
    if on_outage == "wait" and load and is_open(load):
        raise ValueError(
            "in an open load calls are due whatever became of those before, so an"
            " outage is what it measures; use `count`, or a closed load"
        )
    return on_outage


def can_be_measured(slo: Slo | None, info: ValidationInfo) -> Slo | None:
    """Each metric of the SLO is known under this load, and of such answers."""
    limits = slo.limits() if slo else {}
    load: Load | None = info.data.get("load")
    if "response_s" in limits and load and not is_open(load):
        raise ValueError(
            "response_s counts from the due time, and in a closed load nothing is"
            " due; use latency_s, or an open load"
        )
    unknown = sorted(STREAMED & limits.keys())
    if unknown and info.data.get("stream") is False:
        raise ValueError(
            f"{unknown[0]} is not known unless the answer is streamed; set"
            " `stream` to true, or use latency_s"
        )
    return slo


def one_word_on_providers(extra: Extra, info: ValidationInfo) -> Extra:
    """What a target says of providers is not contradicted by a field of the body."""
    for target in info.data.get("targets", ()) if "provider" in extra else ():
        pinned = target.provider or target.providers
        if pinned or target.routing:
            said = "is pinned to one" if pinned else "has `routing` of its own"
            raise ValueError(f"'provider' cannot be set here: {target.label()} {said}")
    return extra


def can_be_kept(usd: float | None, info: ValidationInfo) -> float | None:
    """A budget needs a bound of what each call costs."""
    if usd is None:
        return None
    if info.data.get("max_tokens_field") == "none":
        raise ValueError(
            "a budget needs a bound of what a call costs, and `max_tokens_field` is"
            " `none`; leave one of the two out"
        )
    added = [target.extra for target in info.data.get("targets", ())]
    added.append(info.data.get("extra", {}))
    dearer = [name for name in PRICED if any(name in extra for extra in added)]
    if dearer:
        raise ValueError(
            f"a call with `{dearer[0]}` may cost more than its tokens, so no budget"
            " can be kept; leave it out of `extra`, or the budget out"
        )
    return usd


def can_be_swept(sweep: Sweep | None, info: ValidationInfo) -> Sweep | None:
    """The load has the field that the sweep changes."""
    if sweep and "load" in info.data:
        check_load(sweep.over, info.data["load"])
    return sweep


def can_be_found(find: Find | None, info: ValidationInfo) -> Find | None:
    """A search stands alone, has an SLO, and the load has the field that it changes."""
    if find is None:
        return None
    if info.data.get("sweep"):
        raise ValueError(
            "a plan has a sweep or a search, not both; leave `sweep` or `find` out"
        )
    if "slo" in info.data and info.data["slo"] is None:
        raise ValueError("a search needs `slo`, which says what a good call is")
    if "load" in info.data:
        check_load(find.over, info.data["load"])
    return find
