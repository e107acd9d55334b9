"""Rows as columns: what summaries, comparisons and the CSV are computed from.

A million rows pass through here, so they go from bytes to arrays without a Sample
between, and each text is held once (a categorical). Missing numbers are NaN inside a
column and nowhere else. Import this late: pandas takes most of a second.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.analysis.arrays.decode import decoded
from shared.analysis.arrays.growing import Growing, is_one
from shared.analysis.distributions import GAP_PERCENTILES, Gaps, gap_figures
from shared.analysis.metrics import METRICS
from shared.plan import Plan, steps
from shared.sample import Kind, Note, Sample


def _kind(annotation: Any) -> type:
    """Of a field that may be None too: str, int (never None) or float."""
    kinds = get_args(annotation) or (annotation,)
    if any(issubclass(kind, str) for kind in kinds):
        return str
    return int if annotation is int else float


_KINDS = {
    field.name: _kind(field.type) for field in fields(Sample) if field.name != "gaps"
}
_TYPES: dict[type, type[np.generic]] = {str: np.int32, int: np.int64, float: np.float64}
Texts = dict[str, dict[str | None, int]]


@dataclass(frozen=True, slots=True)
class Columns:
    """A run's rows.

    table: one row per attempt, by (step, slot, attempt); the fields of Sample but
    `gaps`, those of the gaps, the metrics (shared.analysis.metrics), and

        warmup   its step is never counted
        first    the first attempt of its slot
        final    what its slot came to: the row that closed it; where none did, the
                 last that was to be retried, which nobody came to do
        retried  failed, and was offered again as a retry of the plan
        turned_away  the rest: by a limit of the account, cut by us, or lost with a kept
                 connection

    The index is the order of arrival, which is also the order of `gaps`.
    """

    table: pd.DataFrame
    gaps: Gaps


def columns_of(plan: Plan, rows: Iterable[bytes | Sample]) -> Columns:
    """The rows of a run, in any order, as columns.

    Raises NewerRecord for a row of a later version.
    """
    texts: Texts = {name: {None: -1} for name, kind in _KINDS.items() if kind is str}
    grown = {name: Growing(_TYPES[kind]) for name, kind in _KINDS.items()}
    lengths, buckets = Growing(np.int64), Growing(np.uint16)
    counts = Growing(np.uint16)
    for lists, histograms in decoded(rows):
        for name, column in zip(_KINDS, lists, strict=True):
            grown[name].add(_array(name, column, texts))
        lengths.add(histograms.lengths)
        buckets.add(histograms.buckets)
        counts.add(histograms.counts)
    gaps = Gaps(lengths.array(), buckets.array(), counts.array())
    order = np.lexsort([grown[name].array() for name in ("attempt", "slot", "step")])
    columns: dict[str, NDArray[Any]] = {}
    for name in _KINDS:
        values = grown.pop(name).array()
        columns[name] = values if is_one(values) else values[order]
    for name, figures in gap_figures(gaps).items():
        columns[name] = figures[order]
    _round(columns)
    for name in GAP_PERCENTILES:  # the largest gap is exact, a bucket's middle is not
        columns[name] = np.fmin(columns[name], columns["gap_max_s"])
    _derive(columns, partial(_noted, columns["notes"], texts["notes"]))
    _place(plan, columns, texts["kind"])
    named: dict[str, Any] = dict(columns)
    for name, seen in texts.items():
        categories = [text for text in seen if text is not None]
        named[name] = pd.Categorical.from_codes(
            columns.pop(name), pd.Index(categories, dtype=object)
        )
    table = pd.DataFrame(named, index=pd.Index(order), copy=False)
    return Columns(table, gaps)


def _array(name: str, column: tuple[Any, ...], texts: Texts) -> NDArray[Any]:
    """One column of a chunk: codes of texts, integers, or floats with NaN for None."""
    seen = texts.get(name)
    if seen is None:
        return np.array(column, dtype=_TYPES[_KINDS[name]])
    # `seen` begins with None: -1, so the first text gets 0.
    for text in dict.fromkeys(column):
        seen.setdefault(text, len(seen) - 1)
    return np.fromiter(map(seen.__getitem__, column), np.int32, len(column))


def _round(columns: dict[str, NDArray[Any]]) -> None:
    """Seconds to whole nanoseconds: no stamp is better, and the CSV says the same."""
    for name, column in columns.items():
        if name.endswith("_s"):
            if is_one(column):
                one = np.round(column[:1], 9)
                columns[name] = np.broadcast_to(one, column.shape)
            else:
                np.round(column, 9, out=column)


def _noted(
    codes: NDArray[Any], texts: dict[str | None, int], note: Note
) -> NDArray[np.bool_]:
    """Which rows have this note. codes: each row's notes, as numbers of `texts`."""
    saying = [code for text, code in texts.items() if text and note in text.split()]
    return np.isin(codes, saying)


def _derive(
    columns: dict[str, NDArray[Any]], noted: Callable[[Note], NDArray[np.bool_]]
) -> None:
    """Each metric as a column. noted: which rows have this note."""
    for metric in METRICS.values():
        known = {name: columns[name] for name in metric.needs}
        # a quotient by nothing is of a row for which the metric does not exist
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(metric.formula(**known), dtype=np.float64)
        if metric.exists is not None:
            values = np.where(metric.exists(**known), values, np.nan)
        if metric.unless is not None:
            values = np.where(noted(metric.unless), np.nan, values)
        in_seconds = metric.name.endswith("_s")
        columns[metric.name] = np.round(values, 9) if in_seconds else values


def _place(
    plan: Plan, columns: dict[str, NDArray[Any]], kinds: dict[str | None, int]
) -> None:
    """Where each row stands among the attempts of its slot, and in which step.

    kinds: the codes of the column `kind`. A row of an earlier build does not say its
    kind: the last of a slot is taken for the one that closed it, and one before it for
    a retry where the number of retries grew.
    """
    step, slot = columns["step"], columns["slot"]
    # The later steps of a search repeat the pattern of those that are known before.
    warm = np.array([known.warmup for known in steps(plan)])
    columns["warmup"] = warm[step % len(warm)]
    new = np.ones(len(step) + 1, dtype=bool)
    new[1:-1] = (step[1:] != step[:-1]) | (slot[1:] != slot[:-1])
    columns["first"] = new[:-1]

    def said(*names: Kind) -> NDArray[np.bool_]:
        return np.isin(
            columns["kind"], [kinds[name] for name in names if name in kinds]
        )

    silent, last = columns["kind"] == kinds[None], new[1:]
    closed = said("ok", "failed") | (silent & last)
    grew = np.diff(columns["retry"], append=0) > 0
    retried = said("retry") | (silent & ~last & grew)
    # Where nothing closed a slot, the last failure that was to be retried is its end.
    number = np.cumsum(columns["first"])
    left = np.flatnonzero(retried & ~np.isin(number, number[closed]))
    closed[left[np.diff(number[left], append=number.size + 1) > 0]] = True
    columns["final"] = closed
    columns["retried"] = retried & ~closed
    columns["turned_away"] = ~retried & ~closed
