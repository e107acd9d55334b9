"""The live band: an interval that may be looked at after every stretch of a run.

A 95 % interval is right in 19 of 20 runs if it is looked at once. This one is right in
as many however often it is looked at, and so is about twice as wide. It is a t-mixture
sequence, which is exact for means of normal values, with the engine's variance.
"""

from math import inf, log, sqrt

from shared.comparison.method.engine import Doubt

_BEST_AT = 30
"""The band is the narrowest, for its kind, after about so many stretches."""


def band(
    estimate: float, doubt: Doubt, stretches: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Both ends of it; infinite while too little is known.

    doubt: of `beyond_them`, over the stretches so far. stretches: how many those are,
    each as long as the plan says: a page that cuts anew loses the promise.
    """
    half = sqrt(doubt.variance) * _reach(min(doubt.df + 1, stretches), 1 - level)
    return estimate - half, estimate + half


def _reach(n: float, alpha: float) -> float:
    """How many standard errors it reaches to each side, from n values."""
    nu = n - 1
    if nu <= 0:
        return inf
    g = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / _BEST_AT
    more = 1 + n * g
    root = (sqrt(more) / alpha) ** (2 / n)
    if root >= more:
        return inf
    return sqrt(nu * (root - 1) / (1 - root / more))
