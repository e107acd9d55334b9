"""Sweeps and searches: which values come, and when it is over."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.plan.loads.find import Find, search
from shared.plan.loads.sweep import Sweep


def run(find: Find, good: Callable[[float], float | None]) -> tuple[list[float], Find]:
    """The values that a search tries on an upstream with this goodput."""
    values: list[float] = []
    goodputs: list[float | None] = []
    while (value := search(find, goodputs).next) is not None:
        values.append(value)
        goodputs.append(good(value))
    return values, find


def up_to(most: float) -> Callable[[float], float]:
    return lambda value: 1.0 if value <= most else 0.0


def test_it_doubles_until_one_fails_then_halves() -> None:
    find = Find(over="concurrency", low=1, high=256)
    # 16 fails; between 8 and 16: 12 fails, 10 and 11 pass; 11 and 12 are one apart.
    assert run(find, up_to(11))[0] == [1, 2, 4, 8, 16, 12, 10, 11]
    done = search(find, [1, 1, 1, 1, 0, 0, 1, 1])
    assert (done.passing, done.failing, done.next) == (11, 12, None)


def test_it_is_over_when_low_fails() -> None:
    find = Find(over="rate", low=2, high=64)
    assert run(find, up_to(1))[0] == [2]
    assert search(find, [0.5]).passing is None
    assert search(find, [0.5]).failing == 2


def test_it_is_over_when_high_passes() -> None:
    find = Find(over="rate", low=1, high=5)
    assert run(find, up_to(99))[0] == [1, 2, 4, 5]
    assert search(find, [1, 1, 1, 1]).failing is None


def test_it_is_over_after_max_steps() -> None:
    find = Find(over="concurrency", low=1, high=1000, max_steps=4)
    assert run(find, up_to(3))[0] == [1, 2, 4, 3]
    find = Find(over="concurrency", low=1, high=1000, max_steps=2)
    assert run(find, up_to(999))[0] == [1, 2]


def test_a_coarse_resolution_ends_it_sooner() -> None:
    find = Find(over="rate", low=1, high=64, resolution=4)
    assert run(find, up_to(11))[0] == [1, 2, 4, 8, 16, 12]


def test_the_share_itself_passes_and_an_unknown_one_does_not() -> None:
    find = Find(over="rate", low=1, high=8, goodput=0.9)
    assert search(find, [0.9]).passing == 1
    assert search(find, [0.8999]).passing is None
    assert search(find, [None]).passing is None


def test_more_steps_than_the_search_has_are_refused() -> None:
    find = Find(over="rate", low=1, high=8)
    with pytest.raises(ValueError, match="was over after 1 steps, and 2 were given"):
        search(find, [0.0, 1.0])


@settings(deadline=None)
@given(
    over=st.sampled_from(["concurrency", "rate"]),
    low=st.integers(1, 50),
    span=st.integers(1, 5000),
    most=st.floats(0, 6000),
)
def test_it_converges_on_the_truth_and_stops(
    over: str, low: int, span: int, most: float
) -> None:
    find = Find.model_validate(
        {"over": over, "low": low, "high": low + span, "max_steps": 64}
    )
    values, _ = run(find, up_to(most))
    done = search(find, [up_to(most)(value) for value in values])
    assert len(set(values)) == len(values)
    assert len(values) <= 2 * math.log2(low + span) + 8
    if done.passing is None:
        assert most < low
    elif done.failing is None:
        assert done.passing == low + span <= most
    else:
        assert done.passing <= most < done.failing
        assert done.failing - done.passing <= find.width()


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=64, max_size=64))
def test_it_stops_on_any_noise(noise: list[float | None]) -> None:
    draws = iter(noise)
    find = Find(over="concurrency", low=3, high=9000, max_steps=64)
    values, _ = run(find, lambda _: next(draws))
    assert all(3 <= value <= 9000 and value == int(value) for value in values)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"over": "concurrency", "low": 8, "high": 8}, "low 8 must be below high 8"),
        ({"over": "concurrency", "low": 1.5, "high": 8}, "1.5 calls cannot be open"),
        ({"over": "rate", "low": 1, "high": 1e7}, "1e+07 calls per second cannot"),
        (
            {"over": "concurrency", "low": 1, "high": 8, "resolution": 0.5},
            "finer than one call open",
        ),
        ({"over": "rate", "low": 1, "high": 8, "goodput": 0}, "greater than 0"),
        ({"over": "rate", "low": 1, "high": 8, "max_steps": 1}, "greater than or"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(
    fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Find.model_validate(fields)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"over": "concurrency", "values": [1, 0]}, "0 calls cannot be open"),
        ({"over": "concurrency", "values": [2.5]}, "2.5 calls cannot be open"),
        ({"over": "rate", "values": [0]}, "0 calls per second cannot be made"),
        ({"over": "rate", "values": []}, "at least 1 item"),
        ({"over": "rate", "values": [True]}, "not numbers"),
        ({"over": "lanes", "values": [1]}, "'concurrency' or 'rate'"),
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused(
    fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Sweep.model_validate(fields)
    assert sentence in str(refused.value)
