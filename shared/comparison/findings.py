"""One metric of two targets, before the p of all others is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from shared.comparison import words
from shared.comparison.calls import SideBySide
from shared.comparison.looks import LEAST_BEYOND
from shared.comparison.method.engine import (
    LEAST_INDEPENDENT,
    LEAST_PAIRS,
    LEAST_PROMPTS,
    Doubt,
    Spread,
    beyond_them,
    in_these_minutes,
    interval,
    p_of,
    spread_of,
    together,
)
from shared.comparison.method.success import newcombe, p_of_shares, shares
from shared.comparison.method.values import Mask, Nothing
from shared.comparison.quantities import (
    QUANTITIES,
    WINS,
    Half,
    halves,
    margin,
    shown,
    wins,
)
from shared.comparison.records import FAILING_MORE, SHARES, About, MetricName


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement without its word: an estimate, and how far it may be off."""

    about: About
    estimate: float
    low: float
    high: float
    low_near: float
    high_near: float
    """The ends of which equivalence is judged: of the 90 % interval at the end."""
    p: float
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is known of a metric; its scale is that of the estimate (logarithms)."""

    metric: MetricName
    a: float | None
    b: float | None
    n: int = 0
    prompts: int = 0
    margin: float | None = None
    minutes: Reading | None = None
    beyond: Reading | None = None
    spread: Spread | None = None
    why: str | None = None
    needs_beyond: str | None = None
    flattered: Literal["a", "b"] | None = None
    """A time, and this one fails more often, by over a point: if the slow calls fail,
    those that are left make it look quicker than it is, and never slower."""
    upheld: bool = False
    """The one that is flattered is quicker by the wins too, which count failures."""
    runs: int | None = None
    """Of each side, where each run is one value."""
    is_same: bool = False
    """No two calls of a pair differ."""


def find(
    metric: MetricName,
    of: SideBySide,
    planned: int | None,
    *,
    one_run: bool,
    controls: SideBySide | None = None,
    share: float | None = None,
) -> Finding:
    """The metric of both, beside each other.

    planned: pairs of the plan; None: those that were made. controls: the calls of a
    control in the run of each, pair by pair; then each is taken beside its own.
    share: the margin of ratios, where the plan says it.
    """
    a, b = shown(metric, of.a, of.b), shown(metric, of.b, of.a)
    try:
        if metric in WINS:
            if controls:
                raise Nothing("a control takes the hour out of values, not out of wins")
            found = _found(metric, of, wins(metric, of), None, planned, one_run)
        elif controls:
            of, controls = _known_to_all(metric, of, controls)
            pairs = zip(halves(metric, of), halves(metric, controls), strict=True)
            one, other = (half.less(control) for half, control in pairs)
            found = _found(metric, of, one, other, planned, one_run, plain=True)
        else:
            found = _found(metric, of, *halves(metric, of), planned, one_run)
    except Nothing as nothing:
        return Finding(metric=metric, a=a, b=b, why=str(nothing))
    if share is not None and found.n:
        found = replace(found, margin=margin(metric, (of.a, of.b), share))
    return replace(found, a=a, b=b)


def _known_to_all(
    metric: MetricName, of: SideBySide, controls: SideBySide
) -> tuple[SideBySide, SideBySide]:
    """The pairs of which all four calls have the metric."""
    used = QUANTITIES[metric].used
    known = used(of.a) & used(of.b) & used(controls.a) & used(controls.b)
    return of.at(known), controls.at(known)


def _found(
    metric: MetricName,
    of: SideBySide,
    one: Half,
    other: Half | None,
    planned: int | None,
    one_run: bool,
    *,
    plain: bool = False,
) -> Finding:
    """plain: of shares too the interval is that of other metrics."""
    estimate = one.value - (other.value if other else 0.0)
    if not of.paired and other:
        spreads = [spread_of(h.influence, h.prompt, h.stretch) for h in (one, other)]
    else:
        influence = one.influence - other.influence if other else one.influence
        spreads = [spread_of(influence, one.prompt, one.stretch, of.look.stretches)]
    least = min(spreads, key=lambda spread: spread.n)
    known = Finding(
        metric=metric,
        a=None,
        b=None,
        n=least.n,
        prompts=min(spread.prompts for spread in spreads),
        margin=margin(metric, (of.a, of.b)),
        spread=spreads[0] if len(spreads) == 1 else None,
        flattered=_flattered(metric, of),
    )
    about = about_of(of)
    if least.n < LEAST_PAIRS:
        return replace(known, why=words.few_pairs(least.n))
    if about == "prompts like these" and known.prompts < 2:
        return replace(known, why=words.FEW_PROMPTS)
    doubts = [in_these_minutes(spread, about) for spread in spreads]
    doubt = doubts[0] if len(doubts) == 1 else together(*doubts)
    independent = sum(spread.pairs for spread in spreads)
    known = replace(known, is_same=independent == 0)
    both = _well(metric, of) if metric in SHARES and not plain else None
    minutes = _read(of, estimate, doubt, independent, both)
    beyond, needs = None, None
    if not one_run:
        needs = words.ONE_MOMENT
    elif (planned or of.pairs) < LEAST_BEYOND:
        needs = words.TOO_FEW_PLANNED
    elif not of.is_full:
        needs = words.CUT_SHORT
    else:
        moved = least.independent < LEAST_INDEPENDENT
        far = beyond_them(least, about)
        beyond = _read(of, estimate, far, independent, both)
        beyond = replace(beyond, moved=moved)
    return replace(known, minutes=minutes, beyond=beyond, needs_beyond=needs)


def _flattered(metric: MetricName, of: SideBySide) -> Literal["a", "b"] | None:
    if metric in WINS or not QUANTITIES[metric].of_survivors:
        return None
    more = of.a.ok.mean() - of.b.ok.mean()
    if abs(more) <= FAILING_MORE:
        return None
    return "b" if more > 0 else "a"


def held_to_wins(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """All metrics of two targets: what is flattered is upheld where the wins agree."""
    wins = {f"{each.metric}": each.minutes for each in found if each.metric in WINS}
    return tuple(
        replace(each, upheld=_agree(each, wins.get(f"{each.metric}_wins")))
        for each in found
    )


def _agree(found: Finding, wins: Reading | None) -> bool:
    if wins is None or found.flattered is None:
        return False
    return wins.low > 0 if found.flattered == "a" else wins.high < 0


def _well(metric: MetricName, of: SideBySide) -> tuple[Mask, Mask]:
    """Which calls count for a share, of those that have it."""
    if metric == "success":
        return of.a.ok, of.b.ok
    has = QUANTITIES[metric].used
    in_a, in_b = has(of.a), has(of.b)
    if of.paired:
        in_a = in_b = in_a & in_b
    return of.a.passed[in_a] == 1, of.b.passed[in_b] == 1


def _read(
    of: SideBySide,
    estimate: float,
    doubt: Doubt,
    independent: float,
    well: tuple[Mask, Mask] | None,
) -> Reading:
    """well: of shares, which calls count for them."""
    level, near_level = 1 - of.look.level, 1 - 2 * of.look.level
    if well is not None:
        both = shares(*well, doubt, independent, paired=of.paired)
        ends, near = newcombe(both, level), newcombe(both, near_level)
        p = p_of_shares(both)
    else:
        ends = interval(estimate, doubt, level)
        near = interval(estimate, doubt, near_level)
        p = p_of(estimate, doubt)
    return Reading(doubt.about, estimate, *ends, *near, p)


def about_of(of: SideBySide) -> About:
    """For which prompts it can be said: by those that were asked, whatever came."""
    few = min(len(np.unique(side.prompt)) for side in (of.a, of.b)) < LEAST_PROMPTS
    return "these prompts" if few else "prompts like these"
