"""The empirical distribution of one metric: a step line per target. Failures are the
missing top of a line."""

from math import log10

from api.page_data import Group, PageData
from api.page_data.records import Metric
from api.pages.figures.axes import log_ends, log_ticks, named, unit_of
from api.pages.figures.template import (
    Figure,
    colour,
    dash,
    figure,
    line,
    note,
    plain,
    short,
    token,
)

NAMES: dict[Metric, str] = {
    "ttft": "TTFT",
    "latency": "latency",
    "tpot": "time per output token",
}
_LEVELS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_PLACES = {"p50": 0.5, "p90": 0.885, "p95": 0.955, "p99": 1.03}
"""Where their words stand, so that none lies upon another."""
_MOST_NAMES = 6


def spread(data: PageData, metric: Metric) -> Figure | None:
    """None where no target has the metric."""
    curves = data.curves.get(metric, ())
    values_s = [value for one in curves for value in one.values_s if value > 0]
    if not values_s:
        return None
    unit = unit_of(values_s)
    low, high = (
        end for end in log_ends(min(values_s) * unit.per_s, max(values_s) * unit.per_s)
    )
    traces, names = [], []
    for one in curves:
        x = [max(value * unit.per_s, low) for value in one.values_s]
        name = plain(data.targets[one.target])
        traces.append(
            {
                "type": "scatter",
                "x": [x[0], *x, high],
                "y": [0, *one.shares, one.shares[-1]],
                "name": name,
                "mode": "lines",
                "line": {
                    "shape": "hv",
                    "color": colour(one.target),
                    "dash": dash(one.target),
                    "width": 2,
                },
                "hovertemplate": f"%{{y:.1%}} of calls within %{{x:.3~g}} {unit.name}"
                f"<extra>{name}</extra>",
            }
        )
        level = (0.72, 0.3, 0.5, 0.12)[one.target % 4] * one.shares[-1]
        at = next(v for v, s in zip(x, one.shares, strict=True) if s >= level)
        word = plain(short(data.targets[one.target]))
        names.append(
            note(
                log10(at),
                level,
                word,
                xanchor="left",
                xshift=7,
                font={"color": token("ink")},
            )
        )
    wanting = _needs(data.groups, metric)
    levels = [
        line(
            xref="paper",
            x0=0,
            x1=1,
            y0=share,
            y1=share,
            line={
                "color": token("line" if name in wanting else "line-2"),
                "dash": "dot" if name in wanting else "solid",
            },
        )
        for name, share in _LEVELS.items()
    ]
    words = [
        note(
            1.01,
            _PLACES[name],
            f"<i>{name} needs {wanting[name]}</i>" if name in wanting else name,
            xref="paper",
            xanchor="left",
            font={"color": token("ink-3" if name in wanting else "ink-2")},
        )
        for name in _LEVELS
    ]
    ticks = log_ticks(low, high)
    return figure(
        traces,
        margin={"r": 96},
        shapes=levels,
        annotations=(names if len(names) <= _MOST_NAMES else []) + words,
        narrow={"annotations": words},
        xaxis={
            "type": "log",
            "range": [log10(low), log10(high)],
            "title": f"{NAMES[metric]}, {unit.name} (log)",
            "tickvals": list(ticks),
            "ticktext": [*map(named, ticks)],
        },
        yaxis={
            "range": [0, 1.06],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "tickformat": ".0%",
        },
    )


def _needs(groups: tuple[Group, ...], metric: Metric) -> dict[str, int]:
    """Percentiles that no target has calls enough for, and how many more the nearest
    to it needs."""
    found = {}
    for name in _LEVELS:
        figures = [group.times[metric][name] for group in groups if group.whole]
        if figures and not any(each.supported for each in figures):
            found[name] = min(each.needs for each in figures)
    return found
