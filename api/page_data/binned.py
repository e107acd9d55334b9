"""CallRows as few enough marks to draw, whatever their number. Pure."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from api.page_data.records import (
    METRICS,
    Cells,
    Curve,
    Lane,
    Metric,
    call_id,
)
from shared.outputs.arrays import CallRows
from shared.sample import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_POINTS = 300
"""Of one curve: beyond, its quantiles."""
MOST_MARKS = 2_400
"""Of all lanes: up to so many calls have a mark each."""
_BINS = 200
"""Else a lane is cut into so many pieces of time."""
MOST_CELLS = 800
MOST_TIMES = 8_000
"""Of cells: as many as the product of them and the targets."""


def curves(calls: CallRows, metric: Metric, targets: int) -> Iterator[Curve]:
    """Of each target that has the metric."""
    values_s = calls.real[f"{metric}_s"]
    for target in range(targets):
        mine = calls.text["target"][0] == target
        asked = int((mine & ~calls.said("outcome", Outcome.CANCELLED)).sum())
        known_s = values_s[mine & calls.ok]
        known_s = np.sort(known_s[~np.isnan(known_s)])
        if not len(known_s):
            continue
        ranks = np.arange(1, len(known_s) + 1)
        if len(ranks) > MOST_POINTS:
            ends = np.linspace(1, len(known_s), MOST_POINTS)
            ranks = np.unique(ends.round().astype(np.int64))
        yield Curve(
            target=target,
            values_s=_rounded(known_s[ranks - 1]),
            shares=tuple((ranks / asked).round(6).tolist()),
            calls=asked,
        )


def lanes(
    calls: CallRows,
    at_s: Floats,
    metric: Metric,
    targets: int,
    provider: Callable[[int], int],
) -> Iterator[Lane]:
    """Of each target: its calls one by one, or by time and provider."""
    places = np.flatnonzero(~np.isnan(at_s))
    few = len(places) <= MOST_MARKS
    value_s = np.where(calls.ok, calls.real[f"{metric}_s"], np.nan)
    length_s = float(np.nanmax(at_s, initial=0.0)) or 1.0
    of_target, of_provider = calls.text["target"][0], calls.text["provider"][0]
    outcome, outcomes = calls.text["outcome"]
    for target in range(targets):
        mine = places[of_target[places] == target]
        mine = mine[np.argsort(at_s[mine], kind="stable")]
        if few:
            marks = [mine[n : n + 1] for n in range(len(mine))]
        else:
            part = np.minimum(at_s[mine] / length_s * _BINS, _BINS - 1).astype(np.int64)
            named = np.where(calls.ok[mine], -1, outcome[mine])
            keys = np.stack((part, of_provider[mine], named))
            _, which = np.unique(keys, axis=1, return_inverse=True)
            order = np.argsort(which.ravel(), kind="stable")
            cuts = np.flatnonzero(np.diff(which.ravel()[order])) + 1
            marks = np.split(mine[order], cuts) if len(mine) else []
        known_s = value_s[mine][~np.isnan(value_s[mine])]
        yield Lane(
            target=target,
            median_s=float(np.median(known_s)) if len(known_s) else None,
            at_s=_rounded(np.array([at_s[m].mean() for m in marks]), 3),
            value_s=tuple(_median(value_s[m]) for m in marks),
            provider=tuple(provider(int(of_provider[m[0]])) for m in marks),
            failed=tuple(
                "" if calls.ok[m[0]] else outcomes[outcome[m[0]]] for m in marks
            ),
            calls=tuple(len(m) for m in marks),
            call=tuple(_call(calls, int(m[0])) for m in marks),
        )


def cells(calls: CallRows, targets: int, provider: Callable[[int], int]) -> Cells:
    """CallRows of one step, prompt and repetition beside each other."""
    names = ("step", "prompt_index", "repetition")
    good = np.flatnonzero(calls.ok)
    keys = np.stack([calls.whole[name][good] for name in names])
    kinds, which = np.unique(keys, axis=1, return_inverse=True)
    which = which.ravel()
    table = np.full((kinds.shape[1], targets), -1, dtype=np.int64)
    table[which, calls.text["target"][0][good]] = good
    shared = np.flatnonzero((table >= 0).sum(axis=1) >= 2)
    most = max(1, min(MOST_CELLS, MOST_TIMES // max(targets, 1)))
    kept = shared
    if len(shared) > most:
        kept = shared[np.linspace(0, len(shared) - 1, most).astype(np.int64)]
    table = table[kept]

    def each(of: Callable[[int], object]) -> tuple[tuple[object, ...], ...]:
        return tuple(tuple(of(place) for place in row) for row in table.T.tolist())

    def time_of(name: str) -> Callable[[int], float | None]:
        values_s = calls.real[f"{name}_s"]
        return lambda place: _known(values_s[place]) if place >= 0 else None

    served = calls.text["provider"][0]
    return Cells.model_validate(
        {
            "prompt": kinds[1, kept].tolist(),
            "repetition": kinds[2, kept].tolist(),
            "call": each(lambda p: _call(calls, p) if p >= 0 else None),
            "provider": each(lambda p: provider(int(served[p])) if p >= 0 else -1),
            "times": {name: each(time_of(name)) for name in METRICS},
            "of": len(shared),
        }
    )


def waits(calls: CallRows, at_s: Floats) -> Iterator[tuple[float, float]]:
    """Between the last call of a segment and the first of the next."""
    segment = calls.whole["segment"]
    ends_s = at_s + np.nan_to_num(calls.real["latency_s"])
    begin_s: float | None = None
    for number in np.unique(segment).tolist():
        mine = (segment == number) & ~np.isnan(at_s)
        if not mine.any():
            continue
        if begin_s is not None and at_s[mine].min() - begin_s > 0.5:
            yield round(begin_s, 3), round(float(at_s[mine].min()), 3)
        begin_s = float(ends_s[mine].max())


def _call(calls: CallRows, place: int) -> str:
    return call_id(int(calls.whole["step"][place]), int(calls.whole["slot"][place]))


def _median(values_s: Floats) -> float | None:
    values_s = values_s[~np.isnan(values_s)]
    return round(float(np.median(values_s)), 9) if len(values_s) else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 9)


def _rounded(values: Floats, digits: int = 9) -> tuple[float, ...]:
    return tuple(values.round(digits).tolist())
