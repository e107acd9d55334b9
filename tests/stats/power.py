"""What is found: true differences, equivalence, claims of many targets and of runs."""

from dataclasses import replace
from math import log

import numpy as np

from shared.comparison import Side
from shared.comparison.compare import compare
from shared.comparison.contest import Contest, Entrant
from shared.comparison.sides import find_of_runs
from tests.shared.comparison.by_hand import calls
from tests.stats.counting import SEED, called, equivalent
from tests.stats.section import Section, percent
from tests.stats.worlds import LIKES, TAME, Case, drawn

RUNS = 1000
SLACK = 0.05
"""By so much a figure may lie under what is stated: draws, and another world."""
POWER = (
    (Case(world=TAME, prompts=20, repetitions=10), (0.46, 0.95, 1), (0.31, 0.86, 1)),
    (Case(world=LIKES, prompts=100, repetitions=3), (0.56, 0.98, 1), (0.44, 0.94, 1)),
    (Case(world=LIKES, prompts=20, repetitions=30), (0.28, 0.78, 1), (0.27, 0.77, 1)),
    (Case(world=LIKES, prompts=100, repetitions=10), (0.82, 1, 1), (0.77, 1, 1)),
    (
        Case(world=TAME, prompts=100, repetitions=30, sd=0.8),
        *((0.65, 1, 1), (0.48, 0.96, 1)),
    ),
)
"""Cases, and what statistics promise of them at 5, 10 and 20 %: in these minutes, and
beyond them."""
DIFFERENCES = (0.05, 0.10, 0.20)


def differences(runs: int = RUNS) -> Section:
    """How often a true difference is found."""
    section = Section(
        "power",
        f"How often a true difference of 5, 10 and 20 % is found (p at most 5 % by"
        f" itself), {runs:,} runs each; in brackets what it has to be.",
        ("world", "prompts x repetitions, sd", "in these minutes", "beyond them"),
    )
    for case, near, far in POWER:
        found = [
            called(replace(case, a_is=log(1 + share)), _runs(case, runs))
            for share in DIFFERENCES
        ]
        cells = []
        for which, promised in enumerate((near, far)):
            got = [each[which] for each in found]
            for share, value, least in zip(DIFFERENCES, got, promised, strict=True):
                what = f"{case.world.name}, {case.shape}, a true {share:.0%}"
                section.gate(what, value, least - SLACK, 1)
            cells.append(f"{_three(got)} ({_three(promised)})")
        shape = f"{case.shape}, {case.sd}"
        section.rows.append((case.world.name, shape, *cells))
    return section


def _three(shares: tuple[float, ...] | list[float]) -> str:
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"


def _runs(case: Case, runs: int) -> int:
    return runs if case.pairs <= 1000 else max(1, runs // 4)


EQUIVALENCE = (
    (Case(world=TAME, prompts=20, repetitions=10), 0.07),
    (Case(world=TAME, prompts=20, repetitions=30), 0.74),
    (Case(world=TAME, prompts=100, repetitions=10), 0.96),
    (Case(world=LIKES, prompts=20, repetitions=30), 0.0),
    (Case(world=LIKES, prompts=100, repetitions=10), 0.72),
)
"""Cases, and how often equal targets have to be called so, beyond these minutes."""


def equivalences(runs: int = RUNS) -> Section:
    """How often targets are called equivalent that are, and that are not."""
    section = Section(
        "equivalence",
        f"How often both are called equivalent within 5 %, {runs:,} runs each: in these"
        " minutes / beyond them.",
        ("world", "prompts x repetitions", "they are equal", "they differ by just 5 %"),
    )
    for case, least in EQUIVALENCE:
        right = equivalent(case, runs)
        wrong = equivalent(replace(case, a_is=log(1.05)), runs)
        what = f"{case.world.name}, {case.shape}, equivalent"
        section.gate(what, right[1], least - SLACK, 1)
        for share in wrong:
            section.gate(f"{what} at 5 %", share, 0, 0.07)
        cells = (f"{percent(a)} / {percent(b)}" for a, b in (right, wrong))
        section.rows.append((case.world.name, case.shape, *cells))
    return section


FIVE = Case(world=LIKES, prompts=20, repetitions=10)


def many(runs: int = 400) -> Section:
    """Any false call among all pairs of five equal targets, in all metrics."""
    section = Section(
        "many",
        f"Five equal targets, ten pairs of them in all metrics: how many of {runs:,}"
        " runs call any difference, as the product does, after Holm.",
        ("case", "in these minutes", "beyond them"),
    )
    near = far = 0
    for of in drawn(replace(FIVE, prompts=20), 3 * runs, SEED + 3):
        made = len(of.logs[0])
        for run in range(0, made - made % 3, 3):
            sides = [side for each in range(run, run + 3) for side in of.calls(each)]
            field = tuple(
                Entrant(Side(job_id="J", target=str(n)), str(n), side)
                for n, side in enumerate(sides[:5])
            )
            verdicts, _ = compare([Contest(field, planned=FIVE.pairs)])
            told = [m for v in verdicts for m in v.metrics if not m.exploratory]
            called_ = {"better", "worse"}
            near += any(m.minutes and m.minutes.word in called_ for m in told)
            far += any(m.beyond and m.beyond.word in called_ for m in told)
    shares = near / runs, far / runs
    for share in shares:
        section.gate("any false call of five targets", share, 0, 0.07)
    case = f"each likes prompts of its own, {FIVE.shape}"
    section.rows.append((case, *map(percent, shares)))
    return section


def sides(runs: int = 2000) -> Section:
    """Several runs a side, of equal targets."""
    section = Section(
        "sides",
        f"Several runs a side, {runs:,} times each: false calls, and how large a"
        " difference shows, in units of how much runs of one side differ.",
        ("runs a side", "calls a difference that is none", "shows, in the middle"),
    )
    rng = np.random.default_rng(SEED)
    for n in (3, 5, 8):
        wrong, widths = 0, []
        for _ in range(runs):
            levels = rng.normal(0, 0.1, (2, n))
            a, b = (
                tuple(calls([float(np.exp(level))] * 12) for level in side)
                for side in levels
            )
            said = find_of_runs("tpot", a, b).beyond
            assert said is not None
            wrong += said.p <= 0.05
            widths.append((said.high - said.low) / 2 / 0.1)
        section.gate(f"{n} runs a side", wrong / runs, 0, 0.07)
        width = f"{float(np.median(widths)):.1f} times"
        section.rows.append((str(n), percent(wrong / runs), width))
    return section
