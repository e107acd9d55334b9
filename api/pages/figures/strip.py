"""Every call over time: a lane per target. The height in a lane is the value beside the
lane's median, so that a switch of provider or a throttle is seen."""

from math import log
from typing import Any

from api.page_data import Lane, PageData
from api.pages.figures.axes import unit_of
from api.pages.figures.spread import NAMES
from api.pages.figures.template import (
    Figure,
    figure,
    line,
    note,
    plain,
    provider_mark,
    token,
)

_FLOOR = -0.36
_MOST_UP, _MOST_DOWN = 0.36, -0.3
_STEEP = 0.62
"""In a lane of height 1, twice the median is so much times log 2 above it."""
_NARROW_LANES = 0.46
_MANY = 500


def strip(data: PageData) -> Figure:
    """One mark a call, or where they are many one for some calls of one provider."""
    top = len(data.lanes) - 1
    layers: dict[tuple[int, str], dict[str, list[Any]]] = {}
    unit = unit_of([lane.median_s for lane in data.lanes if lane.median_s is not None])
    for place, lane in enumerate(data.lanes):
        name = data.targets[lane.target]
        for n, at in enumerate(lane.at_s):
            outcome = lane.failed[n]
            key = (lane.provider[n], "failed" if outcome else "")
            layer = layers.setdefault(key if not outcome else (-2, "failed"), _empty())
            layer["x"].append(at)
            layer["y"].append(round(top - place + _height(lane, n), 4))
            value = lane.value_s[n]
            shown = (
                f"{NAMES[data.metric]} {value * unit.per_s:.3g} {unit.name}"
                if value is not None
                else "no first token"
            )
            many = f"{lane.calls[n]:,} calls, median " if lane.calls[n] > 1 else ""
            layer["text"].append(
                f"{plain(name)} · {plain(_served(data, lane.provider[n]))}<br>"
                f"{outcome or 'ok'}, {many}{shown}"
            )
            layer["customdata"].append(lane.call[n])
    marks = sum(len(lane.at_s) for lane in data.lanes)
    size = 6 if marks < _MANY else 4
    traces = []
    for (provider, failed), layer in sorted(layers.items(), reverse=True):
        mark = {"size": size, **provider_mark(provider)}
        if failed:
            fail = {"width": 2, "color": token("fail")}
            mark = {
                "size": size + 3,
                "symbol": "x-thin",
                "line": fail,
                "color": token("fail"),
            }
        traces.append(
            {
                "type": "scattergl" if marks > 4 * _MANY else "scatter",
                "mode": "markers",
                "name": "failed" if failed else plain(_served(data, provider)),
                "marker": mark,
                "hovertemplate": "%{text}<br>at %{x:.1f} s<extra></extra>",
                **layer,
            }
        )
    names = [plain(data.targets[lane.target]) for lane in data.lanes]
    first, last = (
        (data.part.from_s, data.part.to_s) if data.part else (0, data.length_s)
    )
    room = 0.01 * (last - first) or 0.5
    waits = [
        {
            "type": "rect",
            "yref": "paper",
            "x0": begin,
            "x1": end,
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "fillcolor": token("bg-2"),
            "line": {"width": 0},
        }
        for begin, end in data.waits
    ]
    words = [
        note(
            (begin + end) / 2,
            1,
            f"waited {end - begin:.0f} s",
            yref="paper",
            yanchor="top",
        )
        for begin, end in data.waits
        if end - begin > 0.06 * (last - first)
    ]
    floors = [
        line(xref="paper", x0=0, x1=1, y0=n - 0.5, y1=n - 0.5)
        for n in range(len(names))
    ]
    lane_names = [
        note(
            0,
            top - n + _NARROW_LANES,
            name,
            xref="paper",
            xanchor="left",
            yanchor="top",
        )
        for n, name in enumerate(names)
    ]
    return figure(
        traces,
        dragmode="select",
        selectdirection="h",
        newselection={"line": {"color": token("accent"), "width": 1}},
        margin={"l": 148, "r": 8},
        shapes=floors + waits,
        annotations=words,
        narrow={
            "margin": {"l": 8, "r": 8, "t": 16, "b": 38},
            "annotations": words + lane_names,
            "yaxis": {"tickvals": []},
        },
        xaxis={
            "range": [first - room, last + room],
            "title": "seconds after the first call",
            "showgrid": False,
        },
        yaxis={
            "range": [-0.5, top + 0.55],
            "showgrid": False,
            "tickvals": [top - n for n in range(len(names))],
            "ticktext": names,
        },
    )


def _empty() -> dict[str, list[Any]]:
    return {"x": [], "y": [], "text": [], "customdata": []}


def _height(lane: Lane, n: int) -> float:
    """In its lane: 0 is the median, a call without a value lies on the floor."""
    value = lane.value_s[n]
    if value is None or not value or not lane.median_s:
        return _FLOOR
    return min(_MOST_UP, max(_MOST_DOWN, log(value / lane.median_s) * _STEEP))


def _served(data: PageData, provider: int) -> str:
    return data.providers[provider] if provider >= 0 else "provider unknown"
