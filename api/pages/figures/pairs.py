"""Head to head: calls of the same prompt, one target across and the other up."""

from math import log10
from typing import Any

from api.page_data import PageData
from api.page_data.records import Metric
from api.pages.figures.axes import log_ends, log_ticks, named, unit_of
from api.pages.figures.spread import NAMES
from api.pages.figures.template import (
    Figure,
    figure,
    note,
    plain,
    provider_mark,
    short,
    token,
)


def pairs(data: PageData, metric: Metric, a: int, b: int) -> Figure | None:
    """a: across, b: up; colour is the provider of `b`. None without a pair."""
    cells = data.cells
    if not cells.prompt:
        return None
    across, up = cells.times[metric][a], cells.times[metric][b]
    both = [
        n
        for n in range(len(cells.prompt))
        if across[n] and up[n]  # known, and above 0: the axes are logarithmic
    ]
    if not both:
        return None
    values_s = [v for n in both for v in (across[n], up[n]) if v is not None]
    unit = unit_of(values_s)
    low, high = log_ends(min(values_s) * unit.per_s, max(values_s) * unit.per_s)
    layers: dict[int, dict[str, list[Any]]] = {}
    for n in both:
        layer = layers.setdefault(
            cells.provider[b][n], {"x": [], "y": [], "text": [], "customdata": []}
        )
        layer["x"].append((across[n] or 0.0) * unit.per_s)
        layer["y"].append((up[n] or 0.0) * unit.per_s)
        layer["text"].append(
            f"prompt {cells.prompt[n]}, repetition {cells.repetition[n]}"
        )
        layer["customdata"].append(f"{cells.call[a][n]} {cells.call[b][n]}")
    name_a, name_b = plain(data.targets[a]), plain(data.targets[b])
    short_a, short_b = plain(short(data.targets[a])), plain(short(data.targets[b]))
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": plain(data.providers[place]) if place >= 0 else "unknown",
            "marker": {"size": 7, "opacity": 0.85, **provider_mark(place)},
            "hovertemplate": f"%{{text}}<br>{short_a} %{{x:.3~g}} {unit.name}, "
            f"{short_b} %{{y:.3~g}} {unit.name}<extra></extra>",
            **layer,
        }
        for place, layer in sorted(layers.items())
    ]
    ticks = log_ticks(low, high)
    axis = {
        "type": "log",
        "range": [log10(low), log10(high)],
        "tickvals": list(ticks),
        "ticktext": [*map(named, ticks)],
    }
    corner = {"xref": "paper", "yref": "paper"}
    return figure(
        traces,
        shapes=[
            {
                "type": "line",
                "layer": "below",
                "x0": low,
                "y0": low,
                "x1": high,
                "y1": high,
                "line": {"color": token("ink-3"), "width": 1, "dash": "4px,3px"},
            }
        ],
        annotations=[
            note(0.02, 0.97, f"{short_a} sooner", xanchor="left", **corner),
            note(0.98, 0.03, f"{short_b} sooner", xanchor="right", **corner),
        ],
        xaxis={**axis, "title": f"{name_a}: {NAMES[metric]}, {unit.name} (log)"},
        yaxis={**axis, "title": f"{name_b}, {unit.name}"},
    )
