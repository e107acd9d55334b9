"""How often an interval misses its own truth, on drawn runs: the main cases of `make
stats`, in a short form."""

from math import log

import pytest

from tests.stats.counting import called, missed
from tests.stats.worlds import ALWAYS, LIKES, ROUTER, TAME, Case

RUNS = 400


@pytest.mark.parametrize(
    ("case", "most_beyond"),
    [
        (Case(world=TAME, prompts=20, repetitions=10), 0.06),
        (Case(world=TAME, prompts=20, repetitions=10, sd=0.8, order="blocks"), 0.06),
        (Case(world=LIKES, prompts=100, repetitions=3), 0.08),
        (Case(world=LIKES, prompts=20, repetitions=30), 0.09),
        (Case(world=LIKES, prompts=5, repetitions=30), None),  # too few pairs
        (Case(world=ROUTER, prompts=20, repetitions=10), 0.15),
        (Case(world=ROUTER, prompts=20, repetitions=50), 0.10),
        (Case(world=ROUTER, prompts=1, repetitions=300), 0.12),
    ],
    ids=str,
)
def test_an_interval_misses_its_own_truth_as_often_as_it_says(
    case: Case, most_beyond: float | None
) -> None:
    found = missed("ttft", case, RUNS)
    assert found.minutes is not None
    assert 0.003 <= found.minutes <= 0.085  # 5 %, and what 400 draws may be off by
    assert (found.beyond is None) is (most_beyond is None)
    assert found.beyond is None or found.beyond <= (most_beyond or 0)


def test_prompts_that_always_fail_make_no_difference_of_two_equals() -> None:
    found = missed("success", Case(world=ALWAYS, prompts=20, repetitions=30), RUNS)
    assert found.minutes is not None
    assert found.minutes <= 0.07


def test_ten_percent_are_found_and_named_the_right_way_round() -> None:
    tame = Case(world=TAME, prompts=20, repetitions=10, a_is=log(1.1))
    assert called(tame, RUNS)[0] > 0.9
    quicker = Case(world=TAME, prompts=20, repetitions=10, a_is=-log(1.1))
    assert called(quicker, RUNS) == (0, 0)  # `called` counts only what is slower
