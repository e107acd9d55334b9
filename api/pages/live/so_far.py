"""Targets ranked while their run goes on, and the sentence of it. Everything says "so
far"; there is no p and no verdict before the end."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

from api.pages.figures.ranked import Rank, RankedTargets, placed
from api.pages.figures.said import Word
from api.pages.figures.template import short
from api.pages.live.calls import CallsSoFar
from api.pages.shell.words import seconds

_KINDS: tuple[Literal["ttft", "latency", "tpot"], ...] = ("ttft", "latency", "tpot")


@dataclass(frozen=True, slots=True)
class Stand:
    """How a target stands to the best so far, as a ratio; None: too early to tell."""

    ratio: float | None = None
    low: float = 0.0
    high: float = 0.0

    @property
    def differs(self) -> bool:
        """Whether its band leaves out that they are the same."""
        return self.ratio is not None and not self.low <= 1 <= self.high


@dataclass(frozen=True, slots=True)
class RankedSoFar:
    """All targets in one metric."""

    found: RankedTargets
    stands: tuple[Stand, ...]
    """Of each rank; of the best itself it says nothing."""
    calls: tuple[int, int]
    """Of the target with the fewest and of the one with the most."""

    @property
    def banded(self) -> bool:
        """Whether any band is drawn."""
        return any(rank.low is not None for rank in self.found.ranks)


def ranked_so_far(calls: CallsSoFar, names: list[str]) -> tuple[RankedSoFar, ...]:
    """In each time that the run has, best first."""
    made = []
    for kind in _KINDS:
        spreads = [one.whole[kind] for one in calls.targets]
        medians = [(spread.at(0.5), n) for n, spread in enumerate(spreads)]
        known = [(value, n) for value, n in medians if value is not None]
        if not known:
            continue
        best_s, best = min(known)
        ranks, stands = [], []
        for value, n in sorted(known):
            stand = Stand()
            low = high = None
            if n != best and calls.bands is not None:
                told = calls.bands.beside(kind, n, best)
                if told is not None and isfinite(told.low) and isfinite(told.high):
                    stand = Stand(1 + told.estimate, 1 + told.low, 1 + told.high)
                    low, high = best_s * max(stand.low, 0.01), best_s * stand.high
            tied = n == best or (stand.ratio is not None and not stand.differs)
            rank = Rank(n, names[n], value, low, high, tied=tied, leads=n == best)
            ranks.append(rank)
            stands.append(stand)
        n_each = [spreads[n].n for _, n in known]
        found = placed(kind, _tie_apart(ranks))
        made.append(RankedSoFar(found, tuple(stands), (min(n_each), max(n_each))))
    return tuple(made)


def _tie_apart(ranks: list[Rank]) -> list[Rank]:
    """The bracket holds neighbours: it ends at the first that differs."""
    held, open_ = [], True
    for rank in ranks:
        open_ = open_ and rank.tied
        held.append(replace(rank, tied=open_))
    return held


def said_so_far(made: tuple[RankedSoFar, ...]) -> list[Word]:
    """After how long they answer, and whether that is certain yet."""
    if not made:
        return []
    first = made[0]
    verb = "answers first" if first.found.kind == "ttft" else "is done first"
    best = [rank for rank in first.found.ranks if rank.tied]
    words = [Word("So far", bold=True), Word(", ")]
    if len(first.found.ranks) == 1:
        one = first.found.ranks[0]
        what = "begins to answer" if first.found.kind == "ttft" else "is done"
        words += [Word(short(one.name), bold=True)]
        return [*words, Word(f" {what} after {seconds(one.value)}.")]
    if len(best) == 1:
        words += [Word(short(best[0].name), bold=True)]
        if all(stand.ratio is None for stand in first.stands):
            what = "to the first token" if first.found.kind == "ttft" else "a call"
            led = f" leads with {seconds(best[0].value)} {what}"
            return [*words, Word(f"{led}; no difference is shown yet.")]
        return [*words, Word(f" {verb}, after {seconds(best[0].value)}.")]
    shown = best[:4]
    for place, rank in enumerate(shown):
        if place:
            words.append(Word(" and " if rank is best[-1] else ", "))
        words.append(Word(short(rank.name), bold=True))
    more = f" and {len(best) - 4} more" if len(best) > 4 else ""
    what = "who answers first" if first.found.kind == "ttft" else "who is done first"
    return [*words, Word(f"{more} cannot be told apart in {what}.")]
