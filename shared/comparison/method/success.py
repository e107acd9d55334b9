"""The difference of two shares of successes: Newcombe's interval for pairs (his method
10), widened by how much calls of one prompt or one stretch resemble each other."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from shared.comparison.method.engine import Doubt, quantile

_LEAST_P = 1e-9


@dataclass(frozen=True, slots=True)
class Shares:
    """Two shares of successes, and how far both go together."""

    a: float
    a_n: int
    b: float
    b_n: int
    together: float
    """The correlation of both (phi), corrected for continuity; 0 where unpaired."""
    wider: float
    """The variance by clusters over that of independent pairs, at least 1."""
    df: float

    @property
    def difference(self) -> float:
        """a - b."""
        return self.a - self.b


def shares(
    a: NDArray[np.bool_],
    b: NDArray[np.bool_],
    doubt: Doubt,
    independent: float,
    *,
    paired: bool,
) -> Shares:
    """Of who succeeded. independent: the variance as if pairs were independent."""
    wider = max(1.0, doubt.variance / independent) if independent else 1.0
    return Shares(
        a=float(a.mean()),
        a_n=len(a),
        b=float(b.mean()),
        b_n=len(b),
        together=phi(a, b) if paired else 0.0,
        wider=wider,
        df=doubt.df,
    )


def phi(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """The correlation of two columns of successes, corrected for continuity."""
    both, neither = int((a & b).sum()), int((~a & ~b).sum())
    only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
    sums = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if not sums:
        return 0.0
    product = float(both * neither - only_a * only_b)
    if product > 0:
        product = max(product - len(a) / 2, 0.0)
    return product / sqrt(sums)


def newcombe(found: Shares, level: float) -> tuple[float, float]:
    """Both ends of the interval of a - b."""
    z = float(special.ndtri(0.5 + level / 2))
    kappa = sqrt(found.wider) * quantile(found.df, level) / z
    a_low, a_high = (kappa * arm for arm in wilson(found.a, found.a_n, z))
    b_low, b_high = (kappa * arm for arm in wilson(found.b, found.b_n, z))
    cross = 2 * found.together
    down = sqrt(max(a_low**2 - cross * a_low * b_high + b_high**2, 0.0))
    up = sqrt(max(a_high**2 - cross * a_high * b_low + b_low**2, 0.0))
    return max(-1.0, found.difference - down), min(1.0, found.difference + up)


def p_of_shares(found: Shares) -> float:
    """The p that agrees with the interval: the level at which its end is at 0."""
    difference = found.difference
    if difference == 0:
        return 1.0

    def near_end(p: float) -> float:
        low, high = newcombe(found, 1 - p)
        return low if difference > 0 else -high

    if near_end(_LEAST_P) > 0:
        return _LEAST_P
    root = optimize.brentq(near_end, _LEAST_P, 1 - _LEAST_P, xtol=1e-9)
    return float(root)


def wilson(share: float, n: int, z: float) -> tuple[float, float]:
    """How far Wilson's interval reaches below and above a share."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return max(0.0, share - middle + half), max(0.0, middle + half - share)
