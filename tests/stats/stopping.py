"""Looks before the end: planned ones that decide, and the live band that only shows."""

from dataclasses import replace
from math import log, log1p

import numpy as np

from shared.comparison.live import so_far
from shared.comparison.looks import LOOKS, STRETCHES
from tests.stats.counting import SEED, found
from tests.stats.section import Section, percent
from tests.stats.worlds import DRIFT, LIKES, ROUTER, TAME, WEAK, Case, drawn

RUNS = 1000
CASES = (
    Case(world=TAME, prompts=20, repetitions=20),
    Case(world=LIKES, prompts=20, repetitions=30),
    Case(world=LIKES, prompts=100, repetitions=10),
    Case(world=ROUTER, prompts=20, repetitions=20),
    Case(world=ROUTER, prompts=20, repetitions=50),
    Case(world=DRIFT, prompts=20, repetitions=20),
    Case(world=WEAK, prompts=20, repetitions=30),
)


def looks(runs: int = RUNS) -> Section:
    """Runs that end at the first look that decides."""
    section = Section(
        "looks",
        f"Runs that end at the first look that decides, {runs:,} each: how often a"
        " difference beyond the minutes is called that is none, how often `equivalent`"
        " where they differ by just 5 %, and how often a true 20 % ends the run before"
        " its end.",
        (
            "world",
            "prompts x repetitions",
            "false calls",
            "false `equivalent`",
            "early",
        ),
    )
    for case in CASES:
        wrong, _, _ = _decided(case, runs)
        _, alike, _ = _decided(replace(case, a_is=log(1.05)), runs)
        _, _, early = _decided(replace(case, a_is=log(1.20)), runs // 2)
        what = f"{case.world.name}, {case.shape}, looks"
        section.gate(f"{what}, false", wrong, 0, 0.18 if case.world.drifts else 0.05)
        section.gate(f"{what}, equivalent", alike, 0, 0.07)
        cells = (percent(wrong), percent(alike), percent(early))
        section.rows.append((case.world.name, case.shape, *cells))
    return section


def _decided(case: Case, runs: int) -> tuple[float, float, float]:
    """Shares of runs: called different, called equivalent, ended before the end."""
    different = alike = early = 0
    for of in drawn(case, runs, SEED + 4):
        for run in range(len(of.logs[0])):
            for look in LOOKS:
                finding, _ = found("ttft", of, run, look)
                said, delta = finding.beyond, finding.margin or 0.0
                if said is None:
                    continue
                same = -delta < said.low_near and said.high_near < delta
                if same or said.p <= look.level:
                    alike, different = alike + same, different + (not same)
                    early += look is not LOOKS[-1]
                    break
    return different / runs, alike / runs, early / runs


def live(runs: int = RUNS) -> Section:
    """The band after every stretch."""
    section = Section(
        "band",
        f"The live band, looked at after each of 20 stretches, {runs:,} runs each: how"
        " many leave out what is true beyond the minutes at any time, and how much"
        " wider than the interval it is at the end.",
        ("world", "prompts x repetitions", "wrong at any time", "wider at the end"),
    )
    for case in CASES:
        wrong, wider = _band(case, runs // 2 if case.pairs > 500 else runs)
        what = f"{case.world.name}, {case.shape}, band"
        section.gate(what, wrong, 0, 0.18 if case.world.drifts else 0.02)
        cells = percent(wrong), f"{wider:.1f} times"
        section.rows.append((case.world.name, case.shape, *cells))
    return section


def _band(case: Case, runs: int) -> tuple[float, float]:
    wrong, wider = 0, []
    for of in drawn(case, runs, SEED + 5):
        for run in range(len(of.logs[0])):
            a, b = of.calls(run)
            order = np.argsort(a.place + b.place)
            off = False
            for stretches in range(2, STRETCHES + 1):
                first = order[: -(-stretches * case.pairs // STRETCHES)]
                now = so_far("ttft", a.at(first), b.at(first), case.pairs)
                off |= now is not None and not now.low <= 0 <= now.high
            wrong += off
            end, _ = found("ttft", of, run)
            if now is not None and end.beyond is not None and np.isfinite(now.high):
                band = log1p(now.high) - log1p(now.low)
                wider.append(band / (end.beyond.high - end.beyond.low))
    return wrong / runs, float(np.median(wider))
