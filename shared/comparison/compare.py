"""Targets beside each other, every two in every metric, and who may be the best."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from shared.comparison import words
from shared.comparison.calls import SideBySide, beside, beside_controls
from shared.comparison.choice.ranking import rankings
from shared.comparison.contest import Contest, Entrant, figures
from shared.comparison.findings import Finding, find, held_to_wins
from shared.comparison.judge import after_holm, judged
from shared.comparison.looks import AT_END, LEAST_BEYOND, LOOKS, Answered, LookAnswer
from shared.comparison.quantities import WINS
from shared.comparison.records import (
    METRICS,
    CostSplit,
    MetricVerdict,
    PairVerdict,
    Ranking,
)
from shared.comparison.sides import find_of_runs


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
    findings = [
        (duel.contest.family(finding.metric), finding)
        for duel in duels
        for finding in duel.findings
    ]
    near = after_holm((family, finding.minutes) for family, finding in findings)
    far = after_holm((family, finding.beyond) for family, finding in findings)
    verdicts: list[PairVerdict] = []
    for duel in duels:
        names, sure = (duel.a.name, duel.b.name), duel.contest.look.level
        metrics = tuple(
            judged(finding, next(near), next(far), names, sure)
            for finding in duel.findings
        )
        verdicts.append(_pair(duel, metrics))
    ranked: list[Ranking] = []
    for contest in contests:
        if len(contest.entrants) > 2:
            own = [
                verdict
                for verdict, duel in zip(verdicts, duels, strict=True)
                if duel.contest is contest
            ]
            ranked += rankings(contest, own)
    return tuple(verdicts), tuple(ranked)


def at_look(contest: Contest) -> LookAnswer | None:
    """What the contest's look says of the questions that were asked beforehand; None
    where there are none, or fewer than two to compare.

    Which statement has to be settled follows from the plan alone: that beyond the
    minutes of the run, where it has pairs enough to make one.
    """
    planned, look = contest.planned or 0, contest.look
    verdicts, _ = compare([contest])
    scope: Literal["minutes", "beyond"] = "minutes"
    if planned >= LEAST_BEYOND:
        scope = "beyond"
    answers: list[Answered] = []
    for verdict in verdicts:
        for metric in verdict.metrics:
            if metric.metric not in contest.asked:
                continue
            said = metric.minutes if scope == "minutes" else metric.beyond
            answers.append(
                Answered(
                    a=verdict.a.target,
                    b=verdict.b.target,
                    metric=metric.metric,
                    word=said.word if said else "cannot_tell",
                    sentence=said.sentence if said else words.untold(metric.metric),
                )
            )
    if not answers:
        return None
    open_ = sum(each.word == "cannot_tell" for each in answers)
    number = LOOKS.index(look) + 1
    return LookAnswer(
        look=number,
        stretches=look.stretches,
        pairs=look.pairs(planned),
        planned_pairs=planned,
        level=look.level,
        scope=scope,
        decided=not open_,
        answers=tuple(answers),
        words=words.of_look(
            (number, len(LOOKS)), (look.pairs(planned), planned), len(answers), open_
        ),
    )


def _duel(contest: Contest, a: Entrant, b: Entrant) -> _Duel:
    of = beside(
        a.calls,
        b.calls,
        paired=contest.paired,
        planned=contest.planned,
        look=contest.look,
    )
    controls = None
    if a.control is not None and b.control is not None:
        of, controls = beside_controls(of, a.control, b.control)
    findings: list[Finding] = []
    for metric in METRICS:
        if metric == "pass_rate" and not (a.calls.is_checked or b.calls.is_checked):
            continue
        barred = [f for f in figures(metric) if f in a.barred | b.barred]
        if barred:
            why = f"the verdict on a run says that {barred[0]} cannot be used"
            findings.append(Finding(metric=metric, a=None, b=None, why=why))
        elif a.further or b.further:
            sides = (a.calls, *a.further), (b.calls, *b.further)
            findings.append(find_of_runs(metric, *sides))
        else:
            found = find(
                metric,
                of,
                contest.planned,
                one_run=contest.one_run,
                controls=controls,
                share=contest.margin,
            )
            findings.append(found)
    return _Duel(contest, a, b, of, held_to_wins(findings))


def _pair(duel: _Duel, metrics: tuple[MetricVerdict, ...]) -> PairVerdict:
    biased = any(each.why == words.BIASED for each in metrics)
    told = [
        each
        for each in metrics
        if not each.exploratory and (each.metric not in WINS or biased)
    ]
    names, look = (duel.a.name, duel.b.name), duel.contest.look
    one = not duel.a.further and not duel.b.further
    if one:
        one_run, control = duel.contest.one_run, duel.contest.control
        said = words.of_pair(
            told, names, one_run=one_run, biased=biased, control=control
        )
    else:
        said = words.of_runs(told, names, (duel.a.runs, duel.b.runs))
    if look is not AT_END:
        said = f"{said} {words.at_early_look(LOOKS.index(look) + 1, look.level)}"
    return PairVerdict(
        a=duel.a.side,
        b=duel.b.side,
        paired=duel.of.paired and one,
        pairs=duel.of.pairs if one else min(duel.a.runs, duel.b.runs),
        token_ratio=_token_ratio(duel.of) if one else None,
        cost_split=_cost_split(duel.of) if one else None,
        control=duel.contest.control,
        metrics=metrics,
        sentence=said,
    )


def _token_ratio(of: SideBySide) -> float | None:
    """Output tokens of `a` for one of `b`; None where they are unknown."""
    a, b = of.a.output_tokens, of.b.output_tokens
    known_a, known_b = of.a.ok & ~np.isnan(a), of.b.ok & ~np.isnan(b)
    if of.paired:
        known_a = known_b = known_a & known_b
    if not known_a.any() or not known_b.any() or not b[known_b].sum():
        return None
    return float(a[known_a].mean() / b[known_b].mean())


def _cost_split(of: SideBySide) -> CostSplit | None:
    """The ratio of the costs, by price and by length; None where one is unknown or
    nothing."""
    price, tokens = [], []
    for side in (of.a, of.b):
        usd, said = side.cost_usd, side.output_tokens
        if np.isnan(usd[side.ok]).any() or np.isnan(said[side.ok]).any():
            return None
        usd_sum, said_sum = float(np.nansum(usd)), float(said[side.ok].sum())
        if not usd_sum or not said_sum:
            return None
        price.append(usd_sum / said_sum)
        tokens.append(said_sum / int(side.ok.sum()))
    return CostSplit(price=price[0] / price[1], tokens=tokens[0] / tokens[1])
