"""Planned looks and the live band: which pairs, how sure, and figures by hand."""

from math import inf, log, sqrt

import numpy as np
import pytest

from shared.comparison.calls import beside
from shared.comparison.looks import AT_END, LOOKS, look_at
from shared.comparison.method.band import band
from shared.comparison.method.engine import Doubt
from tests.shared.comparison.by_hand import calls, metric, pair

HALF = LOOKS[0]


def test_a_look_is_due_once_its_stretches_are_full() -> None:
    # 10 of 20 stretches of 101 pairs are the first 51: pair 50 is of stretch 9
    assert [look_at(pairs, 101) for pairs in (0, 50, 51, 75, 76, 100, 101)] == [
        *(None, None, LOOKS[0], LOOKS[0], LOOKS[1], LOOKS[1], LOOKS[2])
    ]


@pytest.mark.parametrize("planned", [20, 101, 999])
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_look_has_all_pairs_of_its_stretches_and_no_other(
    planned: int, look: object
) -> None:
    assert look in LOOKS
    look = LOOKS[LOOKS.index(look)]
    a = calls([1.0] * planned)
    found = beside(a, a, paired=True, planned=planned, look=look)
    whole = beside(a, a, paired=True, planned=planned)
    first = whole.a_stretch < look.stretches
    assert found.is_full
    assert found.a_stretch.tolist() == whole.a_stretch[first].tolist()


def test_an_early_look_calls_only_what_is_all_but_certain() -> None:
    rng = np.random.default_rng(1)
    a = calls(np.exp(rng.normal(-0.045, 0.3, 400)), prompts=20)
    b = calls(np.ones(400), prompts=20)
    early = metric("ttft", pair(a, b, planned=800, look=HALF)).minutes
    late = metric("ttft", pair(a, b, planned=400)).minutes
    assert early is not None
    assert late is not None
    assert early.p == pytest.approx(late.p)  # the same 400 pairs
    assert 0.001 < early.p_holm <= 0.05
    assert (early.word, late.word) == ("cannot_tell", "better")


def test_an_early_look_calls_equivalent_only_what_is_all_but_certain() -> None:
    rng = np.random.default_rng(2)
    a = calls(np.exp(rng.normal(0, 0.38, 400)), prompts=20)
    b = calls(np.ones(400), prompts=20)
    words = [
        metric("tpot", pair(a, b, planned=planned, look=look)).minutes
        for planned, look in ((800, HALF), (400, AT_END))
    ]
    assert [said.word for said in words if said] == ["cannot_tell", "equivalent"]


def test_a_run_that_ended_at_a_look_says_something_beyond_its_minutes() -> None:
    a, b = calls([0.5, 0.6] * 200, prompts=8), calls([1.0] * 400, prompts=8)
    assert metric("ttft", pair(a, b, planned=800)).beyond is None
    found = metric("ttft", pair(a, b, planned=800, look=HALF)).beyond
    assert found is not None
    assert found.word == "better"


def test_the_band_by_hand() -> None:
    # 20 values, 5 %: g = (5.9915 + ln 6.9915) / 30 = 0.26454, so 1 + 20 g = 6.2907;
    # R = (sqrt(6.2907) / 0.05)^0.1 = (50.163)^0.1 = 1.47922
    g = (-2 * log(0.05) + log(-2 * log(0.05) + 1)) / 30
    assert g == pytest.approx(0.26454, abs=1e-5)
    low, high = band(0.5, Doubt(4.0, 30, "these prompts"), 20)
    half = 2 * sqrt(19 * 0.47922 / (1 - 1.47922 / 6.2907))
    assert (low, high) == (
        pytest.approx(0.5 - half, abs=1e-3),
        pytest.approx(0.5 + half, abs=1e-3),
    )
    assert half / 2 / 2.093 == pytest.approx(1.65, abs=0.01)  # of t(19)


def test_the_band_is_boundless_while_too_little_is_known() -> None:
    assert band(0.0, Doubt(1.0, 1, "these prompts"), 2) == (-inf, inf)
    assert band(0.0, Doubt(1.0, 0.0, "these prompts"), 9) == (-inf, inf)
