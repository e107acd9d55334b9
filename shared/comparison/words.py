"""The sentences of a comparison: what is known, how far, and what it would take."""

from collections.abc import Sequence
from math import ceil

from shared.comparison.looks import LEAST_BEYOND
from shared.comparison.method.engine import (
    LEAST_PAIRS,
    LEAST_PROMPTS,
    Spread,
)
from shared.comparison.records import (
    LABELS,
    MetricName,
    MetricVerdict,
    Ranked,
    Ranking,
    Statement,
    Word,
)

_LESS: dict[MetricName, str] = {
    "ttft": "began to answer {} sooner",
    "latency": "was done {} sooner",
    "tpot": "took {} less time per output token",
    "cost": "cost {} less per good answer",
    "latency_at_length": "was done {} sooner at equal length",
    "ttft_p95": "had a {} lower p95 of the time to first token",
    "latency_p95": "had a {} lower p95 of the latency",
    "ttft_p99": "had a {} lower p99 of the time to first token",
    "latency_p99": "had a {} lower p99 of the latency",
}
_QUICKER: dict[MetricName, str] = {
    "ttft_wins": "was the first to begin in {} of pairs",
    "latency_wins": "was the first to be done in {} of pairs",
}
_OFTENER: dict[MetricName, str] = {
    "success": "succeeded {} points more often",
    "pass_rate": "passed the checks {} points more often",
}
EQUAL, OPEN = "equivalent: ", "cannot tell yet: "
MOVED = "the difference moved during the run: run longer or on several days"
ONE_MOMENT = (
    "each run is one moment, so nothing is known beyond them; take three or more runs a"
    " side, on several days"
)
TOO_FEW_PLANNED = f"it takes {LEAST_BEYOND} planned pairs or more in one run"
CUT_SHORT = "the run did not come to its planned end"
BIASED = (
    "who seems quicker, or as quick, fails more often by more than a point, and the"
    " calls that are left may flatter it; the wins count failures, too"
)
FEW_PROMPTS = "fewer than two prompts have such pairs; use more prompts"


def few_pairs(n: int) -> str:
    """Why there is no interval."""
    return f"{n} of at least {LEAST_PAIRS} pairs"


def claim(
    metric: MetricName,
    names: tuple[str, str],
    ends: tuple[float, float, float],
    word: Word,
    *,
    leans: bool,
    same: bool,
) -> str:
    """One statement in words.

    ends: estimate, low and high, as `Statement` has them. leans: a difference is sure,
    and too small to matter. same: no pair differs.
    """
    if word == "cannot_tell":
        return f"{OPEN}{LABELS[metric]}{' (no difference seen)' if same else ''}"
    if word == "equivalent":
        a_is_better = (ends[0] < 0) is (metric in _LESS)
        lean = f" ({names[0 if a_is_better else 1]} slightly better)" if leans else ""
        return f"{EQUAL}{LABELS[metric]}{lean}"
    return _better(metric, names, ends)


def _better(
    metric: MetricName, names: tuple[str, str], ends: tuple[float, float, float]
) -> str:
    """Who is better, by how much, from where to where: the better one is named."""
    estimate, low, high = ends
    if metric in _QUICKER:
        first = estimate > 0
        name = names[0 if first else 1]
        shares = [50 + 100 * (end if first else -end) for end in ends]
        shares[1:] = sorted(shares[1:])
        return (
            f"{name} {_QUICKER[metric].format(f'{shares[0]:.0f} %')}"
            f" ({shares[1]:.0f} to {shares[2]:.0f})"
        )
    if metric in _OFTENER:
        first = estimate > 0
        points = [100 * (end if first else -end) for end in ends]
        points[1:] = sorted(points[1:])
        return (
            f"{names[0 if first else 1]} {_OFTENER[metric].format(f'{points[0]:.1f}')}"
            f" ({points[1]:.1f} to {points[2]:.1f})"
        )
    first = estimate < 0
    # "b took x % less" is another number than "a took x % more"
    less = [-end if first else end / (1 + end) for end in (estimate, low, high)]
    less[1:] = sorted(less[1:])
    percents = [_number(100 * share) for share in less]
    said = _LESS[metric].format(f"{percents[0]} %")
    return f"{names[0 if first else 1]} {said} ({percents[1]} to {percents[2]})"


def remedy(spread: Spread, wider: float, *, time: bool) -> str:
    """What widens the interval most, and how much more of it would settle it, about.

    wider: how many times as wide it is as it has to be. time: whether drift is a part
    of it.
    """
    parts = {"pairs": spread.cells}
    if spread.prompts >= LEAST_PROMPTS:
        parts["prompts"] = spread.by_prompt - spread.cells
    if time:
        parts["time"] = spread.by_time - spread.cells
    most = max(parts, key=parts.__getitem__)
    factor = max(1.5, wider**2)
    if most == "time":
        return f"a run about {_times(factor)} as long"
    have = spread.prompts if most == "prompts" else spread.n
    return f"about {ceil(have * factor):,} {most} ({_times(factor)} as many)"


def more_runs(runs: int, wider: float) -> str:
    """How many runs it would take, about: the interval is so many times too wide."""
    return f"about {max(runs + 1, ceil(runs * wider**2)):,} runs a side"


def of_runs(
    verdicts: Sequence[MetricVerdict], names: tuple[str, str], runs: tuple[int, int]
) -> str:
    """All metrics of several runs a side in one sentence."""
    said = [each.beyond for each in verdicts if each.beyond]
    if not said:
        why = next((each.why for each in verdicts), None)
        return f"{' and '.join(names)}: nothing can be told ({why})."
    return (
        f"By {runs[0]} and {runs[1]} runs: {_joined(said)}. It holds for hours and days"
        " like those of the runs, and for these prompts."
    )


def of_pair(
    verdicts: Sequence[MetricVerdict],
    names: tuple[str, str],
    *,
    one_run: bool,
    biased: bool,
    control: str | None = None,
) -> str:
    """All metrics in one sentence for these minutes, and one for beyond them."""
    when = "In these minutes" if one_run else "Between these two moments"
    if control:
        when += f", beside what {control} did,"
    beyond = "Beyond these minutes" if one_run else "Beyond them"
    near = [each.minutes for each in verdicts if each.minutes]
    if not near:
        why = next((each.needs or each.why for each in verdicts), None)
        return f"{' and '.join(names)}: nothing can be told yet ({why})."
    said = [f"{when} {_joined(near)}."]
    if biased:
        said.append(f"Of some times nothing is claimed: {BIASED}.")
    far = [each.beyond for each in verdicts if each.beyond]
    if far:
        said.append(f"{beyond}, if the hour was typical: {_joined(far)}.")
        if any(each.moved for each in far):
            said.append(f"Some of it moved: {MOVED}.")
    else:
        why = (
            ONE_MOMENT if not one_run else f"cannot tell yet; {_need_beyond(verdicts)}"
        )
        said.append(f"{beyond}: {why}.")
    return " ".join(said)


def of_ranking(metric: MetricName, places: Sequence[Ranked], names: list[str]) -> str:
    """Who may be the best."""
    best = [n for n, place in zip(names, places, strict=True) if place.may_be_best]
    if len(best) == 1:
        return f"Best in {LABELS[metric]}: {best[0]}."
    return (
        f"Best in {LABELS[metric]}: {best[0]}, which cannot be told from"
        f" {' and '.join(best[1:])}."
    )


def ranking(metric: MetricName, places: Sequence[Ranked], names: list[str]) -> Ranking:
    """The places with their sentence."""
    said = of_ranking(metric, places, names)
    return Ranking(metric=metric, places=tuple(places), sentence=said)


def _need_beyond(verdicts: Sequence[MetricVerdict]) -> str:
    needs = (each.needs_beyond for each in verdicts if each.needs_beyond)
    return next(needs, TOO_FEW_PLANNED)


def _joined(found: Sequence[Statement]) -> str:
    """Claims first, then what is equivalent, then what is open."""
    said = [each.sentence for each in found]
    told = [each for each in said if not each.startswith((EQUAL, OPEN))]
    for kind in (EQUAL, OPEN):
        some = [each.removeprefix(kind) for each in said if each.startswith(kind)]
        told += [kind + ", ".join(some)] if some else []
    return "; ".join(told)


def _number(percent: float) -> str:
    return f"{percent:.0f}" if abs(percent) >= 10 else f"{percent:.1f}"


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor < 10 else f"{factor:,.0f} times"


def untold(metric: MetricName) -> str:
    """Of a metric of which nothing can be said."""
    return f"{OPEN}{LABELS[metric]}"


def of_look(
    look: tuple[int, int], pairs: tuple[int, int], questions: int, open_: int
) -> str:
    """What a look found: which of how many, after which of how many pairs."""
    answered = f"{questions - open_} of {questions} questions answered"
    ended = "" if open_ or look[0] == look[1] else ", so the run ended there"
    return (
        f"At look {look[0]} of {look[1]}, after {pairs[0]:,} of {pairs[1]:,} planned"
        f" pairs: {answered}{ended}."
    )


def at_early_look(look: int, level: float) -> str:
    """How sure a run that ended at an early look has to be."""
    return (
        f"The run ended at look {look}, where an answer has to be surer: p up to"
        f" {level:g}, and intervals of {100 * (1 - level):g} %."
    )
