"""Whole runs over sockets: do they say what is true of the simulator?

What a run found is a `Said`; a section counts 20 of each kind.
"""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log, log1p
from pathlib import Path

from shared.comparison import Statement
from shared.plan import Plan
from shared.store import embedded
from tests.stats.section import Section
from tests.stats.trials import (
    EAST,
    ORCA,
    SLOWNESS,
    WEST,
    Bench,
    Trial,
    bench,
    moving,
    pinned,
    providers,
    served_ln_s,
    told_ln_s,
)

RUNS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one run, and whether it was so."""

    right: bool
    """The better one of each two was named so; where all are equal, nobody was."""
    holds: int
    """Intervals of the time to first token that hold what the simulator did."""
    intervals: int
    called_beyond: bool = False
    settings_held: int = 0
    """Intervals that hold the difference by which the providers were made."""


def of_providers(trial: Trial) -> Said:
    """Three providers of known difference."""
    right, holds, held = True, 0, 0
    for pair in trial.comparison.verdicts:
        said = pair.metrics[0].minutes
        assert said is not None, pair.metrics[0].why
        a, b = (side.target.rpartition("@")[2].title() for side in (pair.a, pair.b))
        made = log(SLOWNESS[a] / SLOWNESS[b])
        did = told_ln_s(trial.ledger, ORCA, a) - told_ln_s(trial.ledger, ORCA, b)
        right &= said.word == ("better" if made < 0 else "worse")
        holds += log1p(said.low) <= did <= log1p(said.high)
        held += log1p(said.low) <= made <= log1p(said.high)
    return Said(right, holds, len(trial.comparison.verdicts), settings_held=held)


def of_equals(trial: Trial) -> Said:
    """Two that are alike: pinned, or at a router that moves."""
    (pair,) = trial.comparison.verdicts
    said = pair.metrics[0].minutes
    assert said is not None, pair.metrics[0].why
    true = served_ln_s(trial.ledger, EAST) - served_ln_s(trial.ledger, WEST)
    holds = log1p(said.low) <= true <= log1p(said.high)
    told = [each for each in pair.metrics if not each.exploratory]
    return Said(
        right=not _calls([each.minutes for each in told]),
        holds=holds,
        intervals=1,
        called_beyond=_calls([each.beyond for each in told]),
    )


def _calls(said: Iterable[Statement | None]) -> bool:
    """Whether one is called better in any metric."""
    return any(each.word in ("better", "worse") for each in said if each)


async def said_of(
    on: Bench, plan: Plan, of: Callable[[Trial], Said], runs: int
) -> list[Said]:
    """So many runs, one after the other."""
    return [of(await on.trial(plan)) for _ in range(runs)]


async def sockets(runs: int = RUNS) -> Section:
    """All three trials."""
    section = Section(
        "sockets",
        f"Whole runs over sockets, {runs} of each kind: store, worker, wire, files,"
        " comparison, against a simulator that keeps a ledger.",
        ("trial", "figure", "measured", "bar"),
    )
    with tempfile.TemporaryDirectory() as folder:
        store = embedded.start(Path(folder) / "store")
        try:
            async with bench(store.url, Path(folder)) as on:
                _of_providers(
                    section, await said_of(on, providers(), of_providers, runs)
                )
                _of_pinned(section, await said_of(on, pinned(), of_equals, runs))
                _of_moving(section, await said_of(on, moving(), of_equals, runs))
        finally:
            store.stop()
    return section


def _of_providers(section: Section, found: list[Said]) -> None:
    name = "three providers, 10 prompts x 6"
    _count(section, name, "names the right one of every two", found, lambda s: s.right)
    _count(
        section,
        name,
        "its intervals hold what the simulator did in these calls",
        found,
        lambda s: s.holds == s.intervals,
    )
    held, of = sum(s.settings_held for s in found), sum(s.intervals for s in found)
    figure = "intervals that hold how the providers were made"
    row = (name, figure, f"{held} of {of}", "none: a busy simulator is late")
    section.rows.append(row)


def _of_pinned(section: Section, found: list[Said]) -> None:
    name = "two equals, pinned, 20 prompts x 10"
    most = round(len(found) / 10)
    _at_most(section, name, "calls one of them better", found, most, lambda s: s.right)


def _of_moving(section: Section, found: list[Said]) -> None:
    name = "two equals, a router that moves, 20 prompts x 20"
    least = round(0.9 * len(found))
    _count(
        section,
        name,
        "its interval holds what was true in its minutes, by the ledger",
        found,
        lambda s: s.holds == 1,
        least,
    )
    told = sum(not s.right for s in found)
    section.rows.append(
        (name, "calls one better in these minutes", f"{told} of {len(found)}", "none")
    )
    most = round(len(found) / 10)
    _at_most(
        section,
        name,
        "calls one better beyond them",
        found,
        most,
        lambda s: not s.called_beyond,
    )


def _count(
    section: Section,
    name: str,
    figure: str,
    found: list[Said],
    holds: Callable[[Said], bool],
    least: int | None = None,
) -> None:
    n, least = sum(map(holds, found)), len(found) if least is None else least
    row = (name, figure, f"{n} of {len(found)}", f"at least {least}")
    section.rows.append(row)
    if n < least:
        section.broken.append(": ".join(row))


def _at_most(
    section: Section,
    name: str,
    figure: str,
    found: list[Said],
    most: int,
    spared: Callable[[Said], bool],
) -> None:
    n = sum(not spared(each) for each in found)
    row = (name, figure, f"{n} of {len(found)}", f"at most {most}")
    section.rows.append(row)
    if n > most:
        section.broken.append(": ".join(row))
