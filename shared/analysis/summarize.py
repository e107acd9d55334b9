"""A run in numbers: a pure function of its plan and rows, whatever their order.

What each name means is in docs/metrics.md. Warm-up rows are counted nowhere but in
their own step, and their cost stands alone (`warmup_usd`).

Import this late, for it imports pandas; the records are in `shared.analysis.summary`.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shared.analysis.attempts import attempts
from shared.analysis.columns import Columns, columns_of
from shared.analysis.distributions import known
from shared.analysis.groups import RunColumns, figures
from shared.analysis.percentiles import linear
from shared.analysis.slack import doubtful_shares
from shared.analysis.summary import (
    Attempts,
    Complaint,
    ProviderFigures,
    StepFigures,
    Summary,
    TargetFigures,
)
from shared.analysis.windows import Group, Stretch, ended_over_time
from shared.analysis.worth.cost import billed_usd
from shared.plan import Finished, Plan, answer, next_step
from shared.run import Ending
from shared.sample import Sample

_COMPLAINTS = 5
_CHARACTERS = 200


def summarize(
    plan: Plan,
    samples: Columns | Iterable[bytes | Sample],
    *,
    ending: Ending | None = None,
    cause: str | None = None,
) -> Summary:
    """The summary of a run.

    samples: the rows, encoded or not, in any order; or their columns.
    ending: why the run ended, cause: with which sentence; None while it has not.

    Raises NewerRecord for a row of a later version.
    """
    run = RunColumns(
        samples if isinstance(samples, Columns) else columns_of(plan, samples),
        stall_s=plan.stall_s,
    )
    counted = np.flatnonzero(~run.column["warmup"])
    each_step, over = _by_step(plan, run)
    measured = {step.step for step in each_step if not step.warmup}
    stretches = [one for one in run.stretches if one.step in measured]
    return Summary(
        **figures(run, counted, stretches, plan.slo),
        status=None if ending is None else ending.status,
        ending=ending,
        cause=cause,
        complaints=_complaints(run, counted),
        upstreams=_upstreams(run),
        calls_over_time=ended_over_time(
            *(run.column[name] for name in ("step", "segment", "sent_s", "ended_s"))
        ),
        attempts=_attempts(plan, run, counted),
        doubtful_shares=doubtful_shares(run, counted),
        stamp_slack_p99_s=_stamp_slack_p99_s(run, counted),
        warmup_usd=billed_usd(run.column["cost_usd"][run.column["warmup"]]),
        find=answer(plan, over, complete=ending is Ending.FIND),
        targets=_by_target(plan, run, counted, stretches),
        steps=each_step,
    )


def _by_step(
    plan: Plan, run: RunColumns
) -> tuple[tuple[StepFigures, ...], list[Finished]]:
    """The steps up to the last that has rows, as the plan gives one after another."""
    found: list[StepFigures] = []
    over: list[Finished] = []
    last = run.column["step"].max(initial=-1)
    while (step := next_step(plan, over)) and step.number <= last:
        group = np.flatnonzero(run.column["step"] == step.number)
        stretches = [one for one in run.stretches if one.step == step.number]
        made = StepFigures(
            step=step.number,
            name=step.name,
            warmup=step.warmup,
            value=step.value,
            **figures(run, group, stretches, plan.slo),
        )
        found.append(made)
        goodput = None if step.warmup else made.goodput
        over.append(Finished(step.number, goodput.share if goodput else None))
    return tuple(found), over


def _by_target(
    plan: Plan,
    run: RunColumns,
    group: Group,
    stretches: list[Stretch],
) -> tuple[TargetFigures, ...]:
    found = []
    for number, target in enumerate(plan.targets):
        mine = group[run.column["target"][group] == number]
        found.append(
            TargetFigures(
                target=target.label(),
                model=target.model,
                upstream=target.at,
                upstreams=_upstreams(run, run.column["target"] == number),
                attempts=_attempts(plan, run, mine),
                providers=_by_provider(plan, run, mine, stretches),
                **figures(run, mine, stretches, plan.slo),
            )
        )
    return tuple(found)


def _by_provider(
    plan: Plan, run: RunColumns, group: Group, stretches: list[Stretch]
) -> tuple[ProviderFigures, ...]:
    codes, names = run.text["provider"]
    served: dict[int, str | None] = {-1: None, **dict(enumerate(names))}
    # By name, and those that the upstream did not name at the end.
    by_name = sorted(
        np.unique(codes[group]).tolist(),
        key=lambda code: (code < 0, served[code] or ""),
    )
    return tuple(
        ProviderFigures(
            provider=served[code],
            **figures(run, group[codes[group] == code], stretches, plan.slo),
        )
        for code in by_name
    )


def _attempts(plan: Plan, run: RunColumns, group: Group) -> Attempts | None:
    return None if plan.retries is None else attempts(run, group)


def _upstreams(
    run: RunColumns, mine: NDArray[np.bool_] | None = None
) -> dict[str, int]:
    """Rows by upstream, warm-up too: it may have warmed another upstream's cache.

    mine: which rows; None: all."""
    codes, names = run.text["upstream"]
    codes = codes if mine is None else codes[mine]
    counts = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    return {name: n for name, n in sorted(zip(names, counts, strict=True)) if n}


def _stamp_slack_p99_s(run: RunColumns, group: Group) -> float | None:
    """R type 7 over successful streamed calls, a call without slack being exact."""
    streamed = group[run.ok[group] & ~np.isnan(run.column["first_token_s"][group])]
    return linear(known(np.nan_to_num(run.column["stamp_slack_s"][streamed])), 99)


def _complaints(run: RunColumns, group: Group) -> tuple[Complaint, ...]:
    """The commonest failures among these rows, outcome and sentence, commonest first.

    Final rows are counted; where there is none, the rows that were turned away.
    """
    bad = group[run.final[group] & ~run.ok[group]]
    if not len(bad) and not run.final[group].any():
        bad = group
    outcomes, named = run.text["outcome"]
    errors, said = run.text["error"]
    pairs = np.stack((outcomes[bad], errors[bad]))
    kinds, counts = np.unique(pairs, axis=1, return_counts=True)
    found = [
        Complaint(
            outcome=named[outcome],
            error=None if error < 0 else _cut(said[error]),
            calls=calls,
        )
        for (outcome, error), calls in zip(
            kinds.T.tolist(), counts.tolist(), strict=True
        )
    ]
    found.sort(key=lambda one: (-one.calls, one.outcome, one.error or ""))
    return tuple(found[:_COMPLAINTS])


def _cut(sentence: str) -> str:
    if len(sentence) <= _CHARACTERS:
        return sentence
    return sentence[: _CHARACTERS - 1] + "…"


__all__ = ["Summary", "summarize"]
