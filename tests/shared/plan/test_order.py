"""The order of a block: each item once, no order preferred, the same for ever."""

from collections import Counter
from itertools import permutations
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.plan.order import SMALL, permuted


def block(size: int, number: int = 0, seed: int = 1, step: int = 0) -> list[int]:
    return [permuted(seed, step, number, size, place) for place in range(size)]


@pytest.mark.parametrize(
    "size", [1, 2, 3, 10, SMALL, SMALL + 1, 289, 290, 1000, 1023, 1024, 1025, 30_011]
)
def test_a_block_has_each_item_once(size: int) -> None:
    assert sorted(block(size)) == list(range(size))


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(0, 2**53), st.integers(0, 99))
def test_a_block_of_any_seed_has_each_item_once(
    size: int, seed: int, number: int
) -> None:
    assert sorted(block(size, number, seed)) == list(range(size))


def test_the_order_is_that_of_this_seed_for_ever() -> None:
    assert block(8) == [3, 1, 7, 2, 4, 5, 0, 6]
    assert block(1000)[:6] == [583, 704, 213, 544, 899, 290]


@pytest.mark.parametrize("size", [50, 5000])
def test_blocks_steps_and_seeds_have_orders_of_their_own(size: int) -> None:
    orders = [
        block(size),
        block(size, number=1),
        block(size, step=1),
        block(size, seed=2),
    ]
    assert len(set(map(tuple, orders))) == 4


@pytest.mark.parametrize("size", [2, 3, 4])
def test_no_order_of_a_small_block_is_preferred(size: int) -> None:
    n = 24_000
    seen = Counter(tuple(block(size, number)) for number in range(n))
    expected = n / factorial(size)
    chi2 = sum(
        (seen[order] - expected) ** 2 / expected for order in permutations(range(size))
    )
    # The 99.99 % points of chi squared with 1, 5 and 23 degrees of freedom.
    assert chi2 < {2: 15.2, 3: 25.8, 4: 56.0}[size]


@pytest.mark.parametrize("size", [300, 4097])
def test_no_item_of_a_large_block_comes_early_too_often(size: int) -> None:
    n, bins = 4000, 10
    where = Counter(
        permuted(7, 0, number, size, place) * bins // size
        for number in range(n)
        for place in (0, 1, size // 2, size - 1)
    )
    expected = 4 * n / bins
    chi2 = sum((where[each] - expected) ** 2 / expected for each in range(bins))
    assert chi2 < 33.7  # 99.99 % point, 9 degrees of freedom


@pytest.mark.parametrize("size", [300, 4097])
def test_neighbours_in_a_large_block_are_not_related(size: int) -> None:
    n, steps = 20_000, 0
    for number in range(n):
        first, second = (permuted(3, 0, number, size, place) for place in (0, 1))
        steps += second > first
    # Half, within four standard errors.
    assert abs(steps / n - 0.5) < 4 * 0.5 / n**0.5


@pytest.mark.parametrize(("size", "place"), [(5, 5), (5, -1), (5000, 5000)])
def test_a_place_outside_the_block_is_refused(size: int, place: int) -> None:
    with pytest.raises(ValueError, match=f"place {place} is outside a block of {size}"):
        permuted(0, 0, 0, size, place)
