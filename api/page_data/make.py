"""From the files of an ended run to its page data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from api.comparing.work import comparison_of
from api.page_data.binned import cells, curves, lanes, waits
from api.page_data.failures import failure_groups
from api.page_data.groups import of_rows, of_summary
from api.page_data.records import METRICS, Group, Metric, PageData, RunPart, StepGroup
from shared import archive
from shared.clock import utc_label
from shared.comparison import Comparison
from shared.comparison.calls import TargetCalls
from shared.errors import BenchError, Incomparable, TooMuch, Unreadable
from shared.outputs.arrays import CallRows, read_rows
from shared.outputs.calls import Within, read_calls
from shared.plan import Plan
from shared.sample import Outcome


def page_data(
    folder: Path, job_id: str, part: tuple[float, float] | None = None
) -> PageData:
    """All of a run, or of the calls that began in a part of it, in seconds after the
    first call.

    Raises NoSuchRun, NewerRecord, Unreadable.
    """
    plan = archive.plan_of(folder, job_id)
    result = archive.result_of(folder, job_id)
    path = folder / job_id / "samples.csv"
    labels = [each.label() for each in plan.targets]
    try:
        calls = _in_order(read_rows(plan, path), labels)
    except (OSError, ValueError, KeyError) as error:
        raise Unreadable("samples.csv", job_id, error) from error
    known_s = calls.started_s[~np.isnan(calls.started_s)]
    began_at = float(known_s.min()) if len(known_s) else None
    at_s = calls.started_s - (began_at or 0.0)
    of, within = len(calls), None
    if part is not None and began_at is not None:
        with np.errstate(invalid="ignore"):
            inside = (at_s >= part[0]) & (at_s <= part[1])
        within = (utc_label(began_at + part[0]), utc_label(began_at + part[1]))
        whole_s = at_s
        calls, at_s = calls.where(inside), at_s[inside]
    else:
        whole_s = at_s
    providers = sorted(calls.text["provider"][1])
    places = [providers.index(name) for name in calls.text["provider"][1]]
    metric: Metric = next(
        (m for m in METRICS if (~np.isnan(calls.real[f"{m}_s"])).any()), "latency"
    )

    def provider(code: int) -> int:
        return places[code] if code >= 0 else -1

    priced = _priced(plan, path, within)
    if part is None:
        groups = tuple(of_summary(result, priced))
    else:
        by_number = {
            n: priced[label] for n, label in enumerate(labels) if label in priced
        }
        groups = tuple(of_rows(calls, len(labels), by_number))
    comparison, why_not = _compared(folder, job_id, within)
    return PageData(
        began_at=began_at,
        length_s=round(float(np.nanmax(whole_s, initial=0.0)), 3),
        part=part and RunPart(from_s=part[0], to_s=part[1], calls=len(calls), of=of),
        metric=metric,
        targets=tuple(labels),
        providers=tuple(providers),
        groups=groups,
        steps=tuple(_steps(result, calls, len(labels))),
        curves={m: tuple(curves(calls, m, len(labels))) for m in METRICS},
        lanes=tuple(lanes(calls, at_s, metric, len(labels), provider)),
        waits=tuple(waits(calls, at_s)),
        cells=cells(calls, len(labels), provider),
        failures=failure_groups(calls, at_s, provider),
        failed=int((~calls.ok & ~calls.said("outcome", Outcome.CANCELLED)).sum()),
        comparison=comparison,
        why_not=why_not,
    )


def _in_order(calls: CallRows, labels: list[str]) -> CallRows:
    """With targets numbered as in the plan."""
    codes, names = calls.text["target"]
    places = np.array([*map(labels.index, names), -1], np.int64)
    calls.text["target"] = (places[codes], labels)
    return calls


def _priced(plan: Plan, path: Path, within: Within | None) -> dict[str, TargetCalls]:
    try:
        return read_calls([(plan, path)], within)[0].targets
    except (TooMuch, ValueError):
        return {}


def _compared(
    folder: Path, job_id: str, within: Within | None
) -> tuple[Comparison | None, str | None]:
    try:
        return comparison_of(folder, [job_id], anyway=False, part=within), None
    except (Incomparable, TooMuch) as error:
        return None, str(error)
    except (BenchError, ValueError):
        return None, "Its calls cannot be compared."


def _steps(
    result: dict[str, Any], calls: CallRows, targets: int
) -> Iterator[StepGroup]:
    """Of a sweep or a search; nothing in other plans."""
    values = {one["step"]: one.get("value") for one in result.get("steps", ())}
    for number in np.unique(calls.whole["step"]).tolist():
        value = values.get(number)
        if value is None:
            continue
        mine = calls.where(calls.whole["step"] == number)
        for group in _whole(of_rows(mine, targets, {})):
            if group.calls:
                yield StepGroup(step=number, value=value, group=group)


def _whole(groups: Iterator[Group]) -> Iterator[Group]:
    return (group for group in groups if group.whole)
