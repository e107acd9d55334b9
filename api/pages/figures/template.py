"""What all figures have in common: colours by name, axes, notes.

A colour is the name of a token of the style sheet, `var(--s1)`: the page puts in what
it is in the theme that is looked at, and draws again when that changes. `/0.2` behind
it makes it so transparent.
"""

from collections.abc import Sequence
from typing import Any

Figure = dict[str, Any]
"""`data` and `layout` as Plotly has them; `narrow`: a layout that replaces parts of it
on a small screen."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up")
DASHES = ("solid", "6px,2px", "2px,2px", "8px,2px,2px,2px")
PROVIDERS = ("p1", "p2", "s4", "s2", "s3")
PROVIDER_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross")

CLEAR = "rgba(0,0,0,0)"


def token(name: str, alpha: float | None = None) -> str:
    """A colour of the style sheet.

    >>> token("s1"), token("s1", 0.2)
    ('var(--s1)', 'var(--s1)/0.2')
    """
    return f"var(--{name})" if alpha is None else f"var(--{name})/{alpha}"


def colour(target: int) -> str:
    """Of a target: four have one of their own, others are grey and go by their name."""
    return token(f"s{target + 1}") if target < len(SYMBOLS) else token("ink-3")


def symbol(target: int) -> str:
    """The mark of a target."""
    return SYMBOLS[target] if target < len(SYMBOLS) else "circle-open"


def dash(target: int) -> str:
    """The line of a target, so that print in black and white tells them apart."""
    return DASHES[target % len(DASHES)]


def provider_mark(place: int) -> dict[str, Any]:
    """Colour and shape of a provider; grey where there are too many."""
    if not 0 <= place < len(PROVIDERS):
        return {"color": token("ink-3"), "symbol": "circle-open"}
    return {"color": token(PROVIDERS[place]), "symbol": PROVIDER_SYMBOLS[place]}


def note(x: float, y: float, text: str, **more: Any) -> dict[str, Any]:
    """A word in the figure. text: ours, or `plain`."""
    font = {"size": 11, "color": token("ink-2")} | more.pop("font", {})
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font, **more}


def plain(text: str) -> str:
    """A stranger's text, of which Plotly makes no markup: it knows some tags.

    >>> plain("<b>acme</b>")
    '&lt;b&gt;acme&lt;/b&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(label: str) -> str:
    """A target without its vendor.

    >>> short("acme/orca-pro"), short("gpt")
    ('orca-pro', 'gpt')
    """
    return label.partition("/")[2] or label


def line(**places: Any) -> dict[str, Any]:
    """A hairline behind the data."""
    paint = {"color": token("line"), "width": 1} | places.pop("line", {})
    return {"type": "line", "layer": "below", "line": paint, **places}


def _axis(more: dict[str, Any]) -> dict[str, Any]:
    title = more.pop("title", None)
    axis: dict[str, Any] = {
        "gridcolor": token("line"),
        "linecolor": token("line-2"),
        "tickcolor": token("line-2"),
        "tickfont": {"size": 11, "color": token("ink-2")},
        "ticks": "outside",
        "ticklen": 4,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
    }
    if title:
        font = {"size": 11.5, "color": token("ink-2")}
        axis["title"] = {"text": title, "standoff": 8, "font": font}
    return axis | more


def figure(
    data: Sequence[dict[str, Any]],
    *,
    xaxis: dict[str, Any],
    yaxis: dict[str, Any],
    narrow: dict[str, Any] | None = None,
    **layout: Any,
) -> Figure:
    """A figure of the one look."""
    margin = {"l": 44, "r": 12, "t": 8, "b": 38} | layout.pop("margin", {})
    whole = {
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "font": {"family": "var(--sans)", "size": 11.5, "color": token("ink")},
        "margin": margin,
        "hoverlabel": {
            "bgcolor": token("bg"),
            "bordercolor": token("line-2"),
            "font": {"family": "var(--sans)", "size": 12, "color": token("ink")},
        },
        "xaxis": _axis(dict(xaxis)),
        "yaxis": _axis({"linecolor": CLEAR, "ticks": "", **yaxis}),
        **layout,
    }
    return {"data": [*data], "layout": whole, "narrow": narrow or {}}
