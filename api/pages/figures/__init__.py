"""Page data as figures: pure functions, which the pages, the report and tests share.

    page data, summary ──> ranked, spread, strip, sweep, pairs, value ──> Plotly's JSON
    row, answer        ──> waterfall ──> positions of an SVG

A figure is a dict of Plotly's form (`template.figure`), and Plotly itself is not
imported: the browser draws. `ranked` and `waterfall` need no script. `against` reads a
comparison from the side that is asked for, `said` makes the first sentence of a page.

May import: `shared`, `api.page_data`. Pure, and knows no page.
"""

from api.pages.figures.against import Claim, claim
from api.pages.figures.pairs import pairs
from api.pages.figures.ranked import (
    KINDS,
    Rank,
    RankedTargets,
    beside_baseline,
    ranked,
    ranked_figure,
)
from api.pages.figures.said import Word, said
from api.pages.figures.spread import spread
from api.pages.figures.strip import strip
from api.pages.figures.sweep import sweep
from api.pages.figures.template import Figure
from api.pages.figures.value import value
from api.pages.figures.waterfall import Phase, Waterfall, waterfall

__all__ = [
    "KINDS",
    "Claim",
    "Figure",
    "Phase",
    "Rank",
    "RankedTargets",
    "Waterfall",
    "Word",
    "beside_baseline",
    "claim",
    "pairs",
    "ranked",
    "ranked_figure",
    "said",
    "spread",
    "strip",
    "sweep",
    "value",
    "waterfall",
]
