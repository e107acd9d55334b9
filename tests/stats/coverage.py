"""How often a 95 % interval misses what is true, in every world."""

from dataclasses import replace

from shared.comparison.records import LABELS, MetricName
from tests.stats.counting import missed
from tests.stats.section import Section, percent, span
from tests.stats.truths import FEW
from tests.stats.worlds import (
    ALWAYS,
    CHANCE,
    DRIFT,
    FEW_OUTAGES,
    LIKES,
    ONE_ALWAYS,
    OUTAGES,
    ROUTER,
    SLOW,
    TAME,
    WALK,
    WEAK,
    Case,
    World,
)

WORLDS = (TAME, LIKES, WALK, ROUTER, DRIFT, WEAK, SLOW)
SHAPES = (
    (1, 30),
    (1, 300),
    (5, 3),
    (5, 30),
    (20, 3),
    (20, 10),
    (20, 30),
    (100, 3),
    (100, 30),
)
LEAST, MOST = 0.03, 0.07
"""In these minutes, everywhere; only where the difference moves may it be less."""
MOST_BEYOND = {False: 0.07, True: 0.18}
"""Whether each target drifts by itself."""
RUNS = 2000


def latency(runs: int = RUNS) -> Section:
    """Of times, in each world, shape, order and spread."""
    section = Section(
        "latency",
        f"Times: how often the interval misses its own truth, of {runs:,} runs each;"
        " from the least to the largest of sd 0.3 and 0.8, adjacent and in blocks.",
        ("world", "prompts x repetitions", "in these minutes", "beyond them"),
    )
    for world in WORLDS:
        for prompts, repetitions in SHAPES:
            near: list[float] = []
            far: list[float] = []
            for case in _variants(world, prompts, repetitions):
                found = missed("ttft", case, runs)
                what = f"{world.name}, {case.shape}, sd {case.sd}, {case.order}"
                if found.minutes is not None:
                    near.append(found.minutes)
                    least = 0.0 if _may_be_careful(case) else LEAST
                    section.gate(f"{what}, minutes", found.minutes, least, MOST)
                if found.beyond is not None:
                    far.append(found.beyond)
                    most = 1.0 if world in NOT_HELD else MOST_BEYOND[world.drifts]
                    section.gate(f"{what}, beyond", found.beyond, 0, most)
            shape = f"{prompts} x {repetitions}"
            section.rows.append((world.name, shape, span(near), span(far)))
    return section


def _may_be_careful(case: Case) -> bool:
    """The variance holds what is no part of the truth of these minutes: a drift, or, of
    a few prompts, that a target likes some of them."""
    few = case.prompts < FEW
    return case.world.drifts or (few and case.world.interaction > 0)


def _variants(world: World, prompts: int, repetitions: int) -> list[Case]:
    case = Case(world=world, prompts=prompts, repetitions=repetitions)
    if case.pairs > 1000:  # they take ten times as long
        return [case]
    return [
        replace(case, sd=sd, order=order)
        for sd in (0.3, 0.8)
        for order in ("adjacent", "blocks")
    ]


OTHERS: dict[MetricName, tuple[tuple[World, ...], tuple[tuple[int, int], ...]]] = {
    "success": (
        (CHANCE, OUTAGES, FEW_OUTAGES, ALWAYS, ONE_ALWAYS),
        ((5, 30), (20, 3), (20, 10), (20, 30), (100, 3), (100, 30)),
    ),
    "cost": (
        (TAME, LIKES, CHANCE, OUTAGES, ROUTER),
        ((5, 30), (20, 3), (20, 10), (20, 30), (100, 3)),
    ),
    "ttft_wins": (
        (TAME, LIKES, WALK, ROUTER, DRIFT),
        ((5, 30), (20, 3), (20, 10), (20, 30), (100, 3)),
    ),
    "ttft_p95": ((TAME, LIKES, WALK, ROUTER, DRIFT), ((20, 10), (20, 50), (100, 10))),
}
ENOUGH_PROMPTS = 40
"""Of a p95, where a target likes some of them: it rests on two or three in twenty."""
NOT_HELD = (SLOW, FEW_OUTAGES, ONE_ALWAYS)
"""What so few events cannot show: their figures stand in the table, without a gate."""
CAREFUL = {"success", "ttft_p95"}
"""Those that miss less often than 5 %, by their nature."""


def others(runs: int = RUNS) -> Section:
    """Of success, cost, wins and percentiles."""
    section = Section(
        "others",
        f"Other metrics, in the same way: {runs:,} runs each, sd 0.3, adjacent."
        " Failures are 2 % of both, and are paid for.",
        ("metric", "world", "prompts x repetitions", "in these minutes", "beyond them"),
    )
    for metric, (worlds, shapes) in OTHERS.items():
        for world in worlds:
            for prompts, repetitions in shapes:
                case = Case(world=world, prompts=prompts, repetitions=repetitions)
                found = missed(metric, case, runs)
                what = f"{metric}, {world.name}, {case.shape}"
                if found.minutes is not None and _is_held(metric, case):
                    careful = metric in CAREFUL or _may_be_careful(case)
                    least = 0.0 if careful else LEAST
                    section.gate(f"{what}, minutes", found.minutes, least, MOST)
                if found.beyond is not None and _is_held(metric, case):
                    most = MOST_BEYOND[world.drifts]
                    section.gate(f"{what}, beyond", found.beyond, 0, most)
                near, far = percent(found.minutes), percent(found.beyond)
                section.rows.append((LABELS[metric], world.name, case.shape, near, far))
    return section


def _is_held(metric: MetricName, case: Case) -> bool:
    """Whether it has a gate. What has none is named in docs/compare.md."""
    few = case.prompts < ENOUGH_PROMPTS
    likes = metric.endswith("_p95") and case.world.interaction > 0 and few
    return not likes and case.world not in NOT_HELD
