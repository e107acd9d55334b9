"""A sweep: each metric over the load, measured points with their intervals as bands."""

from api.page_data import PageData, StepGroup
from api.page_data.records import Metric
from api.pages.figures.axes import named, unit_of
from api.pages.figures.spread import NAMES
from api.pages.figures.template import (
    Figure,
    colour,
    dash,
    figure,
    line,
    note,
    plain,
    symbol,
    token,
)


def sweep(
    data: PageData, metric: Metric, percentile: str, over: str, limit_s: float | None
) -> Figure | None:
    """None where the run has no steps to lay beside each other.

    over: what was swept, as the axis says it. limit_s: the SLO of the metric.
    """
    values = sorted({one.value for one in data.steps})
    points = [
        found.point
        for one in data.steps
        if (found := one.group.times[metric][percentile]).point is not None
    ]
    if len(values) < 2 or not points:
        return None
    unit = unit_of([*points, *([limit_s] if limit_s else [])])
    traces = []
    for target, name in enumerate(data.targets):
        mine = [one for one in data.steps if one.group.target == target]
        traces += _band(mine, metric, percentile, unit.per_s, target)
        known = [
            (one.value, figure_of.point * unit.per_s, one)
            for one in mine
            if (figure_of := one.group.times[metric][percentile]).point is not None
        ]
        traces.append(
            {
                "type": "scatter",
                "x": [each[0] for each in known],
                "y": [each[1] for each in known],
                "mode": "lines+markers",
                "name": plain(name),
                "line": {"color": colour(target), "width": 2, "dash": dash(target)},
                "marker": {
                    "size": 8,
                    "color": colour(target),
                    "symbol": symbol(target),
                },
                "customdata": [
                    f"{one.group.ok} of {one.group.sent} ok" for *_, one in known
                ],
                "hovertemplate": f"%{{y:.3~g}} {unit.name} at %{{x}} (measured)<br>"
                f"%{{customdata}}<extra>{plain(name)}</extra>",
            }
        )
    shapes, words = [], []
    if limit_s is not None:
        y = limit_s * unit.per_s
        paint = {"color": token("ink-2"), "dash": "4px,3px"}
        shapes.append(line(xref="paper", x0=0, x1=1, y0=y, y1=y, line=paint))
        words.append(
            note(
                1,
                y,
                f"SLO {named(y)} {unit.name}",
                xref="paper",
                xanchor="right",
                yanchor="bottom",
            )
        )
    return figure(
        traces,
        shapes=shapes,
        annotations=words,
        xaxis={"title": over, "tickvals": values, "ticktext": [*map(named, values)]},
        yaxis={
            "title": f"{NAMES[metric]} {percentile}, {unit.name}",
            "rangemode": "tozero",
        },
    )


def _band(
    mine: list[StepGroup], metric: Metric, percentile: str, per_s: float, target: int
) -> list[dict[str, object]]:
    """Between the ends of the intervals, where both are known."""
    known = []
    for one in mine:
        found = one.group.times[metric][percentile]
        if found.low is not None and found.high is not None:
            known.append((one.value, found.low * per_s, found.high * per_s))
    if len(known) < 2:
        return []
    x = [each[0] for each in known]
    edge = {
        "type": "scatter",
        "x": x,
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    return [
        {**edge, "y": [each[1] for each in known]},
        {
            **edge,
            "y": [each[2] for each in known],
            "fill": "tonexty",
            "fillcolor": colour(target) + "/0.18",
        },
    ]
