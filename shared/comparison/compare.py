"""Targets beside each other, every two in every metric, and who may be the best."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from shared.comparison import words
from shared.comparison.calls import SideBySide, TargetCalls, beside
from shared.comparison.engine import holm
from shared.comparison.findings import Finding, Reading, as_shown, find
from shared.comparison.looks import AT_END, Look
from shared.comparison.quantities import RATIOS, WINS, shown
from shared.comparison.records import (
    METRICS,
    MetricVerdict,
    PairVerdict,
    Ranked,
    Ranking,
    Side,
    Statement,
    Word,
)


@dataclass(frozen=True, slots=True)
class Entrant:
    """One of those that are compared."""

    side: Side
    name: str
    """What sentences call it."""
    calls: TargetCalls
    barred: frozenset[str] = frozenset()
    """Metrics that cannot be used, as its run's verdict says."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Those that are compared with each other, every two."""

    entrants: tuple[Entrant, ...]
    paired: bool = True
    one_run: bool = True
    planned: int | None = None
    """Pairs of the plan; None, where time ends it: those that were made."""
    look: Look = AT_END
    """At which of its stretches it is looked at, and how sure a word must be."""


@dataclass(frozen=True, slots=True)
class _Duel:
    contest: Contest
    a: Entrant
    b: Entrant
    of: SideBySide
    findings: tuple[Finding, ...]


def compare(
    contests: Sequence[Contest],
) -> tuple[tuple[PairVerdict, ...], tuple[Ranking, ...]]:
    """All of them, as one family: the more is asked, the surer each answer must be."""
    duels = [
        _duel(contest, a, b)
        for contest in contests
        for a, b in combinations(contest.entrants, 2)
    ]
    findings = [finding for duel in duels for finding in duel.findings]
    near = _holm(finding.minutes for finding in findings)
    far = _holm(finding.beyond for finding in findings)
    verdicts: list[PairVerdict] = []
    for duel in duels:
        metrics = tuple(
            _verdict(duel, finding, next(near), next(far)) for finding in duel.findings
        )
        verdicts.append(_pair(duel, metrics))
    rankings: list[Ranking] = []
    for contest in contests:
        if len(contest.entrants) > 2:
            own = [
                verdict
                for verdict, duel in zip(verdicts, duels, strict=True)
                if duel.contest is contest
            ]
            rankings += _rankings(contest, own)
    return tuple(verdicts), tuple(rankings)


def _duel(contest: Contest, a: Entrant, b: Entrant) -> _Duel:
    of = beside(
        a.calls,
        b.calls,
        paired=contest.paired,
        planned=contest.planned,
        look=contest.look,
    )
    findings: list[Finding] = []
    for metric in METRICS:
        figure = metric.removesuffix("_wins")
        if figure in a.barred | b.barred:
            why = f"the verdict on a run says that {figure} cannot be used"
            findings.append(Finding(metric=metric, a=None, b=None, why=why))
        else:
            one_run = contest.one_run
            findings.append(find(metric, of, contest.planned, one_run=one_run))
    return _Duel(contest, a, b, of, tuple(findings))


def _holm(readings: Iterable[Reading | None]) -> Iterator[float]:
    """The p of each after Holm; 1 where there is none."""
    given = list(readings)
    adjusted = iter(holm([reading.p for reading in given if reading]))
    return iter([next(adjusted) if reading else 1.0 for reading in given])


def _verdict(duel: _Duel, found: Finding, near: float, far: float) -> MetricVerdict:
    names = duel.a.name, duel.b.name
    sure = duel.contest.look.level
    minutes = _statement(found, found.minutes, near, names, sure)
    beyond = _statement(found, found.beyond, far, names, sure)
    return MetricVerdict(
        metric=found.metric,
        a=found.a,
        b=found.b,
        n=found.n,
        prompts=found.prompts,
        margin=_margin(found),
        minutes=minutes,
        beyond=beyond,
        why=found.why,
        needs=_needs(found, found.minutes, minutes, time=False),
        needs_beyond=_needs(found, found.beyond, beyond, time=True)
        or found.needs_beyond,
    )


def _margin(found: Finding) -> float | None:
    return None if found.margin is None else as_shown(found.metric, found.margin)


def _statement(
    found: Finding,
    reading: Reading | None,
    p_holm: float,
    names: tuple[str, str],
    sure: float,
) -> Statement | None:
    if reading is None:
        return None
    word = _word(found, reading, p_holm, sure)
    estimate, low, high = (
        as_shown(found.metric, end)
        for end in (reading.estimate, reading.low, reading.high)
    )
    said = words.claim(
        found.metric,
        names,
        (estimate, low, high),
        word,
        leans=p_holm <= sure,
        same=found.metric == "success" and found.is_same,
    )
    return Statement(
        about=reading.about,
        estimate=estimate,
        low=low,
        high=high,
        p=reading.p,
        p_holm=p_holm,
        word=word,
        moved=reading.moved,
        sentence=said,
    )


def _word(found: Finding, reading: Reading, p_holm: float, sure: float) -> Word:
    delta = found.margin
    if found.biased:
        return "cannot_tell"
    if delta is not None and -delta < reading.low_near and reading.high_near < delta:
        return "equivalent"
    if p_holm > sure:
        return "cannot_tell"
    is_less = reading.estimate < 0
    return "better" if is_less is (found.metric in RATIOS) else "worse"


def _needs(
    found: Finding, reading: Reading | None, said: Statement | None, *, time: bool
) -> str | None:
    """What would settle a statement that is not settled yet."""
    if found.spread is None or reading is None or said is None or found.biased:
        return None
    if said.word != "cannot_tell":
        return None
    half = (reading.high - reading.low) / 2
    goal = max(abs(reading.estimate), found.margin or 0.0)
    return words.remedy(found.spread, half, goal, time=time)


def _pair(duel: _Duel, metrics: tuple[MetricVerdict, ...]) -> PairVerdict:
    biased = any(found.biased for found in duel.findings)
    told = [each for each in metrics if each.metric not in WINS or biased]
    names = duel.a.name, duel.b.name
    return PairVerdict(
        a=duel.a.side,
        b=duel.b.side,
        paired=duel.of.paired,
        pairs=duel.of.pairs,
        token_ratio=_token_ratio(duel.of),
        metrics=metrics,
        sentence=words.of_pair(
            told, names, one_run=duel.contest.one_run, biased=biased
        ),
    )


def _token_ratio(of: SideBySide) -> float | None:
    a, b = of.a.output_tokens, of.b.output_tokens
    known_a, known_b = of.a.ok & ~np.isnan(a), of.b.ok & ~np.isnan(b)
    if of.paired:
        known_a = known_b = known_a & known_b
    if not known_a.any() or not known_b.any() or not b[known_b].sum():
        return None
    return float(a[known_a].mean() / b[known_b].mean())


def _rankings(contest: Contest, verdicts: Sequence[PairVerdict]) -> Iterator[Ranking]:
    settled = {
        (metric.metric, frozenset((_key(verdict.a), _key(verdict.b))))
        for verdict in verdicts
        for metric in verdict.metrics
        if metric.minutes and metric.minutes.word in ("better", "worse")
    }
    for metric in METRICS:
        found = [
            (value, entrant)
            for entrant in contest.entrants
            if metric not in entrant.barred
            and (value := shown(metric, entrant.calls)) is not None
        ]
        if len(found) < 3:
            continue
        found.sort(key=lambda each: each[0], reverse=metric not in RATIOS)
        best = _key(found[0][1].side)
        places = [
            Ranked(
                side=one.side,
                value=value,
                may_be_best=(metric, frozenset((best, _key(one.side)))) not in settled,
            )
            for value, one in found
        ]
        yield words.ranking(metric, places, [one.name for _, one in found])


def _key(side: Side) -> tuple[str, str]:
    return side.job_id, side.target
