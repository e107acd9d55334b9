"""What is computed of the calls of one target: a value, and the influence of each call.

The influences of a value sum to zero: by how much each call pulls it up or down. Each
function takes arrays of one element a call, and raises `Nothing` where there is none.
"""

from math import isinf, log

import numpy as np
from numpy.typing import NDArray

from shared.comparison.method.engine import Floats

Mask = NDArray[np.bool_]

_Z = 1.96
"""How wide a window the density at a percentile is taken from, in standard errors."""


class Nothing(Exception):
    """There is no figure; the sentence says why."""


def mean(values: Floats) -> tuple[float, Floats]:
    """Of numbers."""
    found = float(values.mean())
    return found, (values - found) / len(values)


def per_good(usd: Floats, ok: Mask) -> tuple[float, Floats]:
    """The logarithm of the USD for each good answer; failures are paid for, too."""
    silent = int(np.isnan(usd[ok]).sum())
    if silent:
        raise Nothing(f"nobody says what {silent} of the good answers cost")
    usd, good = np.nan_to_num(usd), ok.astype(np.float64)
    if not good.any():
        raise Nothing("there is no good answer of one of them")
    if usd.sum() <= 0:
        raise Nothing("one of them costs nothing, and a ratio to that is none")
    value = log(usd.sum()) - log(good.sum())
    return value, usd / usd.sum() - good / good.sum()


def percentile(seconds: Floats, share: float, least: int) -> tuple[float, Floats]:
    """The logarithm of a percentile by the nearest rank; a failure is infinite.

    The influence of a call is whether it lies above the percentile, less how many do,
    over the density there: the share of calls in a window around it, by its width.

    least: calls, below which there is none.
    """
    n = len(seconds)
    name = f"p{100 * share:.0f}"
    if n < least:
        raise Nothing(f"{n:,} of at least {least:,} calls of each for a {name}")
    failed = float(np.isinf(seconds).mean())
    if failed >= 1 - share - 1e-9:
        raise Nothing(f"there is no {name}: {100 * failed:.1f} % of calls failed")
    logs = np.log(np.sort(seconds))
    reach = _Z * (share * (1 - share) / n) ** 0.5
    at, below, above = (_rank(logs, p) for p in (share, share - reach, share + reach))
    if isinf(above):
        raise Nothing(f"{name} needs more calls or fewer failures")
    over = (np.log(seconds) > at).astype(np.float64)
    return at, (over - over.mean()) * ((above - below) / (2 * reach)) / n


def _rank(ordered: Floats, share: float) -> float:
    """The nearest rank: the least value that so large a share does not exceed."""
    rank = int(np.ceil(share * len(ordered) - 1e-9))
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])
