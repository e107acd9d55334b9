"""Cost against latency, with the interval of both as a cross, and the front."""

from statistics import median
from typing import Any

from api.page_data import Group, PageData
from api.pages.figures.axes import line_ends, unit_of
from api.pages.figures.front import front
from api.pages.figures.template import (
    Figure,
    colour,
    figure,
    note,
    plain,
    short,
    symbol,
    token,
)

_MOST_NAMES = 8


def value(data: PageData) -> Figure | None:
    """None where no target has both."""
    known = [
        group
        for group in data.groups
        if group.whole
        and group.usd_per_1000_good is not None
        and group.times["latency"]["p50"].point is not None
    ]
    if not known:
        return None
    unit = unit_of([_middle(group) for group in known])
    x = [_middle(group) * unit.per_s for group in known]
    y = [_cost(group) for group in known]
    x_end = line_ends(max(x + _ends(known, unit.per_s)) * 1.04)[1]
    y_end = line_ends(max(y + [_high(group) for group in known]) * 1.04)[1]
    y_room = 0.06 * y_end
    names = []
    for group, at_x, at_y in zip(known, x, y, strict=True):
        right = at_x > 0.6 * x_end
        # of two that are near each other the lower one has its name beneath it
        below = any(
            abs(at_x - other_x) < 0.2 * x_end and 0 < other_y - at_y < 0.08 * y_end
            for other_x, other_y in zip(x, y, strict=True)
        )
        names.append(
            note(
                at_x,
                at_y,
                plain(data.targets[group.target]),
                xanchor="right" if right else "left",
                yanchor="top" if below else "bottom",
                xshift=-8 if right else 8,
                yshift=-2 if below else 4,
                font={"color": token("ink")},
            )
        )
    narrow = [{**each, "text": plain(short(each["text"]))} for each in names]
    corner, word = [], []
    if len(known) > 1:
        corner = [
            {
                "type": "rect",
                "layer": "below",
                "line": {"width": 0},
                "x0": 0,
                "x1": median(x),
                "y0": -y_room,
                "y1": median(y),
                "fillcolor": token("corner"),
            }
        ]
        word = [
            note(
                0.01 * x_end,
                median(y),
                "sooner and cheaper",
                xanchor="left",
                yanchor="bottom",
            )
        ]
    return figure(
        [
            *_front(data, unit.per_s),
            *(
                _point(data, group, at_x, at_y, unit.per_s, unit.name)
                for group, at_x, at_y in zip(known, x, y, strict=True)
            ),
        ],
        shapes=corner,
        annotations=word + (names if len(names) <= _MOST_NAMES else []),
        narrow={"annotations": narrow if len(names) <= _MOST_NAMES else []},
        xaxis={"range": [0, x_end], "title": f"latency p50, {unit.name}"},
        yaxis={
            "range": [-y_room, y_end],
            "title": "$ per 1,000 good answers",
            "tickformat": "~g",
        },
    )


def _front(data: PageData, per_s: float) -> list[dict[str, Any]]:
    """A stair: between two targets nothing was measured, and a mixture of both is no
    sooner than the later one."""
    joined = front(data)
    if not joined:
        return []
    return [
        {
            "type": "scatter",
            "x": [_middle(group) * per_s for group in joined],
            "y": [_cost(group) for group in joined],
            "mode": "lines",
            "name": "Pareto front",
            "line": {"color": token("ink-3"), "width": 1.2, "shape": "hv"},
            "hoverinfo": "skip",
        }
    ]


def _point(
    data: PageData, group: Group, x: float, y: float, per_s: float, unit: str
) -> dict[str, Any]:
    times, cost = group.times["latency"]["p50"], group.usd_per_1000_good
    low, high = (cost.low, cost.high) if cost else (None, None)
    name = plain(data.targets[group.target])
    paint = {"color": colour(group.target), "thickness": 1.5, "width": 4}
    return {
        "type": "scatter",
        "x": [x],
        "y": [y],
        "mode": "markers",
        "name": name,
        "marker": {
            "size": 9,
            "color": colour(group.target),
            "symbol": symbol(group.target),
            "line": {"color": token("bg"), "width": 1},
        },
        "error_x": {**paint, **_arms(x, times.low, times.high, per_s)},
        "error_y": {**paint, **_arms(y, low, high, 1.0)},
        "hovertemplate": f"%{{x:.3~g}} {unit}, $%{{y:.3~g}} per 1,000"
        f"<extra>{name}</extra>",
    }


def _arms(
    middle: float, low: float | None, high: float | None, scale: float
) -> dict[str, Any]:
    """How far an interval reaches to both sides; nothing where it is not known."""
    if low is None or high is None:
        return {"type": "data", "array": [0], "visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [high * scale - middle],
        "arrayminus": [middle - low * scale],
    }


def _middle(group: Group) -> float:
    return group.times["latency"]["p50"].point or 0.0


def _cost(group: Group) -> float:
    return group.usd_per_1000_good.value if group.usd_per_1000_good else 0.0


def _high(group: Group) -> float:
    cost = group.usd_per_1000_good
    return (cost and cost.high) or 0.0


def _ends(groups: list[Group], per_s: float) -> list[float]:
    return [(group.times["latency"]["p50"].high or 0.0) * per_s for group in groups]
