"""When each token is due: seconds after the request, drawn before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, count
from random import Random


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a model speaks and how much it says.

    `spread` is the sigma of a log-normal factor with median 1, drawn for the wait
    before the first token and for each gap. 0 makes every draw exactly 1.
    """

    ttft_s: float
    gap_s: float
    tokens: int
    spread: float = 0.0


def schedule(pace: Pace, tokens: int, rng: Random) -> tuple[float, ...]:
    """Seconds after the request at which each token is due; never decreases.

    shape (tokens,), at least one: an answer without text still has an end.

    >>> schedule(Pace(ttft_s=0.5, gap_s=0.25, tokens=3), 3, Random(1))
    (0.5, 0.75, 1.0)
    """
    gaps = max(tokens, 1) - 1
    if pace.spread == 0:
        return tuple(pace.ttft_s + i * pace.gap_s for i in range(gaps + 1))
    draw = rng.lognormvariate
    first = pace.ttft_s * draw(0, pace.spread)
    steps = (pace.gap_s * draw(0, pace.spread) for _ in range(gaps))
    return tuple(accumulate(steps, initial=first))


def every(period_s: float, after_s: float, before_s: float) -> Iterator[float]:
    """Times `after_s`, `after_s` + `period_s`, ... below `before_s`; none for 0.

    >>> list(every(0.5, 0.5, 1.6))
    [0.5, 1.0, 1.5]
    """
    if period_s <= 0:
        return
    for i in count():
        due_s = after_s + i * period_s
        if due_s >= before_s:
            return
        yield due_s
