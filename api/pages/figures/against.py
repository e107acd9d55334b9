"""A comparison, read from the side that is asked for: records have each two once."""

from dataclasses import dataclass

from shared.comparison import (
    SHARES,
    Comparison,
    MetricName,
    MetricVerdict,
    PairVerdict,
    Side,
    Statement,
    Word,
)

_POINTS = frozenset({*SHARES, "ttft_wins", "latency_wins"})
"""Metrics whose difference is one of shares; of all others it is a ratio, and less of
them is better."""
_OTHER: dict[Word, Word] = {"better": "worse", "worse": "better"}

_TIMES: dict[Word, str] = {"better": "faster", "worse": "slower"}
_WORDS: dict[MetricName, dict[Word, str]] = {
    "cost": {"better": "cheaper", "worse": "dearer"},
    "success": {"better": "more reliable", "worse": "less reliable"},
    "pass_rate": {"better": "passes more", "worse": "passes fewer"},
    "ttft_wins": {"better": "wins", "worse": "loses"},
    "latency_wins": {"better": "wins", "worse": "loses"},
}
_SAME: dict[Word, str] = {"equivalent": "equivalent", "cannot_tell": "cannot tell yet"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of one of two in one metric, as the difference from the other."""

    metric: MetricName
    word: Word | None
    """None: there is no figure; `why` tells."""
    estimate: float = 0.0
    low: float = 0.0
    high: float = 0.0
    n: int = 0
    sentence: str = ""
    needs: str | None = None
    why: str | None = None
    beyond: Statement | None = None

    @property
    def said(self) -> str:
        """The word as people say it of this metric."""
        if self.word is None:
            return "no figure"
        own = _WORDS.get(self.metric, _TIMES)
        return own.get(self.word) or _SAME[self.word]

    @property
    def is_ratio(self) -> bool:
        """Whether the estimate is a share of the other's value."""
        return self.metric not in _POINTS

    @property
    def biased(self) -> bool:
        """No claim is made: it fails more often, and the calls left may flatter it."""
        return self.word == "cannot_tell" and self.why is not None

    @property
    def settled(self) -> bool:
        """Whether one of both is better."""
        return self.word in ("better", "worse")


def claim(found: Comparison, metric: MetricName, a: Side, b: Side) -> Claim | None:
    """Of `a` beside `b`; None where these two are not compared."""
    for pair in found.verdicts:
        if (pair.a, pair.b) == (a, b):
            return _claim(pair, metric, turned=False)
        if (pair.a, pair.b) == (b, a):
            return _claim(pair, metric, turned=True)
    return None


def _claim(pair: PairVerdict, metric: MetricName, *, turned: bool) -> Claim | None:
    verdict = next((one for one in pair.metrics if one.metric == metric), None)
    if verdict is None:
        return None
    near = verdict.minutes
    if near is None:
        return Claim(metric, None, why=verdict.why, needs=verdict.needs)
    word, ends = near.word, (near.estimate, near.low, near.high)
    if turned:
        word = _OTHER.get(word, word)
        estimate, high, low = (_turned(metric, end) for end in ends)
        ends = (estimate, low, high)
    return Claim(
        metric,
        word,
        *ends,
        n=verdict.n,
        sentence=near.sentence,
        needs=verdict.needs,
        why=verdict.why,
        beyond=_beyond(verdict),
    )


def _beyond(verdict: MetricVerdict) -> Statement | None:
    return verdict.beyond


def _turned(metric: MetricName, share: float) -> float:
    """The same difference from the other side.

    >>> _turned("ttft", 1.0), _turned("success", 0.1)
    (-0.5, -0.1)
    """
    if metric in _POINTS:
        return -share or 0.0  # and not -0.0
    return 1 / (1 + share) - 1 if share > -1 else float("inf")
