"""The first sentence of a page: who answers first, who is done first, what it costs.

Each claim of a difference is the comparison's; where it cannot tell, this says so.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from api.pages.figures.ranked import Rank, RankedTargets
from api.pages.figures.template import short


class Word(NamedTuple):
    """A piece of the sentence; a name is set in bold."""

    text: str
    bold: bool = False


def said(found: Sequence[RankedTargets]) -> tuple[Word, ...]:
    """One or two sentences of these metrics; () where nothing was measured."""
    by_kind = {one.kind: one for one in found if one.ranks}
    first = by_kind.get("ttft") or by_kind.get("latency")
    if first is None:
        return ()
    words = [*_first(first)]
    more = []
    if first.kind == "ttft" and "latency" in by_kind:
        more.append([*_done(by_kind["latency"])])
    if "cost" in by_kind:
        more.append([*_cost(by_kind["cost"])])
    parts = [part for part in more if part]
    for number, part in enumerate(parts):
        words += [Word("; " if number else " "), *part]
    if parts:
        words.append(Word("."))
    return tuple(words)


def _first(found: RankedTargets) -> Iterator[Word]:
    verb = "first" if found.kind == "ttft" else "soonest"
    best = [rank for rank in found.ranks if rank.tied]
    if len(found.ranks) == 1:
        one = found.ranks[0]
        yield Word(short(one.name), bold=True)
        yield Word(
            f" {'begins to answer' if found.kind == 'ttft' else 'is done'} after"
            f" {_time(one.value)} ({_range(one)})."
        )
        return
    if len(best) > 1:
        yield from _names(best)
        values = f"{_time(best[0].value)} to {_time(max(r.value for r in best))}"
        if len(best) == 2:
            values = f"{_time(best[0].value)} and {_time(best[1].value)}"
        if len({_time(rank.value) for rank in best}) == 1:
            values = _time(best[0].value)
        why = "too close to tell apart"
        if all(r.beside is None or r.beside.word == "equivalent" for r in best):
            why = "as good as equal"
        yield Word(f" answer {verb}, after {values}, {why}.")
    else:
        yield Word(short(best[0].name), bold=True)
        where = _of_successes(found)
        yield Word(f" answers {verb}{where}, after {_time(best[0].value)}.")
    last = found.ranks[-1]
    if not last.tied and last.beside is not None and last.beside.settled:
        what = "to its first token" if found.kind == "ttft" else ""
        times = _times(1 + last.beside.estimate)
        yield Word(f" {short(last.name)} takes {times} as long {what}".rstrip() + ".")


def _done(found: RankedTargets) -> Iterator[Word]:
    if len(found.ranks) < 2:
        yield Word(f"The whole answer takes {_time(found.ranks[0].value)}")
        return
    best = [rank for rank in found.ranks if rank.tied]
    if len(best) == 1:
        yield Word(short(best[0].name), bold=True)
        yield Word(
            f" is the soonest done{_of_successes(found)}, in {_time(best[0].value)}"
        )
    else:
        yield from _names(best[:4])
        yield Word(
            f"{' and others' if len(best) > 4 else ''} cannot be told apart in who is"
            " done first"
        )


def _of_successes(found: RankedTargets) -> str:
    """Said where one fails more, so that its times may flatter it."""
    biased = any(rank.beside and rank.beside.biased for rank in found.ranks)
    return ", of calls that succeeded" if biased else ""


def _cost(found: RankedTargets) -> Iterator[Word]:
    free = [rank for rank in found.ranks if rank.value == 0]
    if free:
        yield from _names(free)
        yield Word(f" {'is' if len(free) == 1 else 'are'} free")
        return
    best = found.ranks[0]
    tied = [rank for rank in found.ranks if rank.tied]
    if len(found.ranks) == 1:
        yield Word(f"a thousand good answers cost {_usd(best.value)}")
    elif len(tied) == 1:
        yield Word(short(best.name), bold=True)
        yield Word(f" is the cheapest, {_usd(best.value)} per 1,000 good answers")


def _names(ranks: Sequence[Rank]) -> Iterator[Word]:
    for place, rank in enumerate(ranks):
        if place:
            yield Word(" and " if place == len(ranks) - 1 else ", ")
        yield Word(short(rank.name), bold=True)


def _range(rank: Rank) -> str:
    if rank.low is None or rank.high is None:
        return "too few calls for an interval"
    return f"95 % interval {_time(rank.low)} to {_time(rank.high)}"


def _time(value_s: float) -> str:
    """Two digits: it is a sentence."""
    scaled, unit = (value_s * 1000, "ms") if value_s < 0.9995 else (value_s, "s")
    text = f"{float(f'{scaled:.2g}'):,.10g}"
    return f"{text}\N{NO-BREAK SPACE}{unit}"


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor < 10 else f"{factor:,.0f} times"


def _usd(value: float) -> str:
    return (
        f"${value:.2f}"
        if value >= 0.1
        else f"${float(f'{value:.2g}'):.10f}".rstrip("0")
    )
