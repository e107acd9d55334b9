"""What is true of drawn runs: of these minutes or beyond them, for these prompts or for
prompts like these. Each gives one number a run, on the scale of the estimate."""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from tests.stats.worlds import OF_PROMPTS, Drawn, Floats

FEW = 6
"""With fewer prompts a statement is about these alone."""

Truth = Callable[[Drawn, bool], Floats]
"""Of drawn runs. True: in these minutes; False: beyond them."""


def latency(of: Drawn, minutes: bool) -> Floats:
    """The mean ratio, as a logarithm."""
    found = np.full(len(of.logs[0]), of.case.a_is)
    if minutes:
        found = found + (of.drift[0] - of.drift[1]).mean(1)
    if of.case.prompts < FEW:
        found = found + (of.own[0] - of.own[1]).mean(1)
    return found


def wins(of: Drawn, minutes: bool) -> Floats:
    """The share of pairs that the first wins, less a half; of equal targets."""
    behind = np.zeros_like(of.logs[0])
    spread = 2 * of.noise_sd**2
    if minutes:
        behind = behind + of.drift[0] - of.drift[1]
    if of.case.prompts < FEW:
        behind = behind + of.own[0] - of.own[1]
    else:
        spread += 2 * of.case.world.interaction * of.case.sd**2
    found: Floats = ndtr(-behind / spread**0.5).mean(1) - 0.5
    return found


def success(of: Drawn, minutes: bool) -> Floats:
    """The difference of the shares that succeed."""
    a, b = of.case.world.fails
    by_prompt = any(of.case.world.prompts_fail)
    if of.case.prompts < FEW if by_prompt else minutes:
        found: Floats = of.fail_p[1].mean(1) - of.fail_p[0].mean(1)
        return found
    return np.full(len(of.logs[0]), b - a)


def cost(of: Drawn, minutes: bool) -> Floats:
    """ln of the ratio of USD for each good answer; failures are paid for in full."""
    found = np.full(len(of.logs[0]), of.case.a_is)
    level = [np.zeros_like(of.logs[0]) for _ in range(2)]
    for side in (0, 1):
        if minutes:
            level[side] = level[side] + of.drift[side]
        if of.case.prompts < FEW:
            level[side] = level[side] + of.shared + of.own[side]
    usd = [np.log(np.exp(each).mean(1)) for each in level]
    failing = success(of, minutes)
    good_b = 1 - of.case.world.fails[1]
    return found + usd[0] - usd[1] - np.log1p(failing / good_b)


def p95(of: Drawn, minutes: bool) -> Floats:
    """ln of the ratio of the p95 of prompts like these."""
    if not minutes:
        return np.full(len(of.logs[0]), of.case.a_is)
    ends = [_quantile(of.drift[side], of.case.sd, 0.95) for side in (0, 1)]
    return of.case.a_is + ends[0] - ends[1]


def _quantile(means: Floats, sd: float, share: float) -> Floats:
    """Of a mixture of normals of one sd, by halving."""
    assert 0 < OF_PROMPTS < 1
    low, high = means.min(1), means.max(1) + 5 * sd
    for _ in range(30):
        middle = (low + high) / 2
        below = ndtr((middle[:, None] - means) / sd).mean(1) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
