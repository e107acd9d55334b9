"""Newcombe's interval for pairs, step by step, and its p."""

import numpy as np
import pytest

from shared.comparison.method.engine import Doubt
from shared.comparison.method.success import Shares, newcombe, p_of_shares, phi, shares

# 20 both, 12 the first alone, 2 the second alone, 16 neither
A = np.array([True] * 32 + [False] * 18)
B = np.array([True] * 20 + [False] * 12 + [True] * 2 + [False] * 16)
LARGE = Doubt(1.0, 1e9, "these prompts")


def fifty(wider: float = 1.0) -> Shares:
    return shares(A, B, Doubt(wider, 1e9, "these prompts"), 1.0, paired=True)


def test_the_interval_by_hand() -> None:
    """Wilson's of 32 of 50 is 0.5014 to 0.7586, of 22 of 50 0.3116 to 0.5769."""
    down = 0.1386**2 - 2 * 0.45495 * 0.1386 * 0.1369 + 0.1369**2
    up = 0.1186**2 - 2 * 0.45495 * 0.1186 * 0.1284 + 0.1284**2
    low, high = newcombe(fifty(), 0.95)
    assert low == pytest.approx(0.2 - down**0.5, abs=2e-4)
    assert high == pytest.approx(0.2 + up**0.5, abs=2e-4)
    assert (low, high) == (
        pytest.approx(0.0562, abs=1e-4),
        pytest.approx(0.3292, abs=1e-4),
    )


def test_phi_is_corrected_for_continuity() -> None:
    # (20 x 16 - 12 x 2 - 50 / 2) / sqrt(32 x 18 x 22 x 28)
    assert phi(A, B) == pytest.approx(271 / 354816**0.5)
    assert phi(A, ~A) == -1
    assert phi(A, np.ones(50, dtype=bool)) == 0


def test_calls_that_resemble_each_other_widen_it() -> None:
    low, high = newcombe(fifty(), 0.95)
    far_low, far_high = newcombe(fifty(wider=4.0), 0.95)
    assert far_low == pytest.approx(0.2 - 2 * (0.2 - low))
    assert far_high == pytest.approx(0.2 + 2 * (high - 0.2))


def test_the_p_is_where_the_interval_ends_at_0() -> None:
    p = p_of_shares(fifty())
    assert 0.001 < p < 0.05
    assert newcombe(fifty(), 1 - p)[0] == pytest.approx(0, abs=1e-6)
    turned = shares(B, A, LARGE, 1.0, paired=True)
    assert p_of_shares(turned) == pytest.approx(p)
    assert p_of_shares(shares(A, A, LARGE, 1.0, paired=True)) == 1
