"""Shares, and how far each may be off: 95 % intervals."""

from collections.abc import Sequence
from math import sqrt

_Z = 1.96
LEAST_PROMPTS = 6
"""From so many on a share is said of prompts like these; below, of these alone."""


def wilson(
    good: int, of: float, share: float | None = None, *, z: float = _Z
) -> tuple[float, float]:
    """The interval of good / of: 0 and 1 only where nothing else can be.

    share: good / of, where `of` is smaller than the number that was counted.

    >>> [round(end, 3) for end in wilson(19, 20)]
    [0.764, 0.991]
    """
    share = good / of if share is None else share
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    low = 0.0 if share == 0 else max(0.0, middle - half)
    high = 1.0 if share == 1 else min(1.0, middle + half)
    return low, high


def at_most(of: int) -> float:
    """What a share is at most, with 95 %, where none of so many was so: about 3 / of.

    >>> round(at_most(100), 4)
    0.0295
    """
    return float(1 - 0.05 ** (1 / of))


def clustered(each: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The interval of a share whose calls resemble each other within a prompt.

    each: (good, of) of every prompt, P of them, n calls. From six prompts on it is
    Wilson's interval with t(P-1), of as many calls as would vary so by chance:

        n V0 / Vp    V0 = n/(n-1) sum of u squared        u = (1 or 0 - share) / n
                     Vp = P/(P-1) sum of (u of a prompt) squared

    at most n of them. With fewer prompts, or where all calls are alike, so that nothing
    is known of how prompts differ, calls count as independent.
    """
    good, n = sum(g for g, _ in each), sum(of for _, of in each)
    share, prompts = good / n, len(each)
    if prompts < LEAST_PROMPTS or good in (0, n):
        return wilson(good, n)
    alone = n / (n - 1) * share * (1 - share) / n
    by_prompt = sum(((g - of * share) / n) ** 2 for g, of in each)
    by_prompt *= prompts / (prompts - 1)
    wider = max(1.0, by_prompt / alone)
    from scipy.special import stdtrit  # half a second that most need not wait for

    return wilson(good, n / wider, share, z=float(stdtrit(prompts - 1, 0.975)))
