"""Two models that are alike in all but their name, for comparisons that must find no
difference. Each has two providers of one price, one quicker and one slower."""

from dataclasses import replace
from decimal import Decimal

from simulator.catalogue.models import ALIKE, Model
from simulator.pace import Pace

EAST = Model(
    id="globex/twin-east",
    name="Globex: Twin East",
    says="One of two that are alike in all but their name.",
    pace=Pace(ttft_s=0.1, gap_s=0.004, tokens=24, spread=0.15),
    prompt_usd=Decimal("0.1") / 1_000_000,
    completion_usd=Decimal("0.2") / 1_000_000,
    providers=ALIKE,
)
WEST = replace(EAST, id="globex/twin-west", name="Globex: Twin West")
TWINS = (EAST, WEST)
