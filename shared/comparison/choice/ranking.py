"""Who is the best of three or more, and who cannot be told from it."""

from collections.abc import Iterator, Sequence

from shared.comparison import words
from shared.comparison.contest import Contest, figures
from shared.comparison.quantities import is_ratio, shown
from shared.comparison.records import (
    EXPLORATORY,
    METRICS,
    PairVerdict,
    Ranked,
    Ranking,
    Side,
)


def rankings(contest: Contest, verdicts: Sequence[PairVerdict]) -> Iterator[Ranking]:
    """In each metric that is not exploratory. verdicts: of every two of the contest."""
    settled = {
        (metric.metric, frozenset((_key(verdict.a), _key(verdict.b))))
        for verdict in verdicts
        for metric in verdict.metrics
        if metric.minutes and metric.minutes.word in ("better", "worse")
    }
    for metric in METRICS:
        if metric in EXPLORATORY:
            continue
        found = [
            (value, entrant)
            for entrant in contest.entrants
            if not entrant.barred.intersection(figures(metric))
            and (value := shown(metric, entrant.calls)) is not None
        ]
        if len(found) < 3:
            continue
        found.sort(key=lambda each: each[0], reverse=not is_ratio(metric))
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
