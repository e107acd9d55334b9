"""The summary of a run without rows: what `summarize` says of it, but without
pandas, which takes longer to import than all the rest of such a run's reduce.
"""

from typing import Any, TypeVar, get_origin

from pydantic import BaseModel

from shared.analysis.metrics import spread
from shared.analysis.percentiles import (
    PERCENTS,
    Adjusted,
    Distribution,
    of_successes,
)
from shared.analysis.summary import (
    AttemptFigures,
    Attempts,
    Counts,
    Goodput,
    Summary,
    TargetFigures,
    Throughput,
)
from shared.analysis.worth import Cost, Integrity, Tokens, Trouble
from shared.plan import Plan, answer
from shared.run import Ending

Record = TypeVar("Record", bound=BaseModel)


def summarize_none(
    plan: Plan, *, ending: Ending | None = None, cause: str | None = None
) -> Summary:
    """`summarize(plan, (), ending=..., cause=...)`."""
    figures = _figures(plan)
    targets = tuple(
        _nothing(
            TargetFigures,
            **{
                **figures,
                "target": target.label(),
                "model": target.model,
                "upstream": target.at,
            },
        )
        for target in plan.targets
    )
    run = {
        "targets": targets,
        "status": None if ending is None else ending.status,
        "ending": ending,
        "cause": cause,
        "find": answer(plan, (), complete=ending is Ending.FIND),
    }
    return _nothing(Summary, **{**figures, **run})


def _figures(plan: Plan) -> dict[str, Any]:
    nothing = _nothing(Distribution, **_PERCENTILES)
    adjusted = _nothing(Adjusted, **_PERCENTILES)
    # of no row, nothing was spent
    cost = {name: 0.0 for name in Cost.model_fields if name in _OF_WASTE}
    found = {
        **dict.fromkeys((*spread(), "gap"), nothing),
        "latency_adjusted": adjusted,
        "ttft_adjusted": adjusted,
        "counts": _nothing(Counts),
        "throughput": _nothing(Throughput),
        "cost": _nothing(Cost, rows_unaccounted=0, good=0, **cost),
        "integrity": Integrity(
            **dict.fromkeys(Integrity.NAMES, _nothing(Trouble, usd=0.0)),
            stall_s=plan.stall_s,
        ),
        "tokens": _nothing(Tokens),
    }
    if plan.slo is not None:
        found["goodput"] = _nothing(Goodput, slo=plan.slo.limits())
    if plan.retries is not None:
        one = _nothing(AttemptFigures, latency=nothing, ttft=nothing)
        found["attempts"] = _nothing(Attempts, first=one, perceived=one)
    return found


_PERCENTILES = {f"p{percent}": of_successes((), percent) for percent in PERCENTS}
_OF_WASTE = ("wasted_usd", "failed_usd", "retried_usd", "truncated_usd")


def _nothing(kind: type[Record], **said: Any) -> Record:
    """A record of nothing: what is counted is 0, what is measured is unknown."""
    for name, field in kind.model_fields.items():
        if name in said or not field.is_required():
            continue
        counted = field.annotation is int
        listed = get_origin(field.annotation)
        said[name] = 0 if counted else listed() if listed in (dict, tuple) else None
    return kind(**said)
