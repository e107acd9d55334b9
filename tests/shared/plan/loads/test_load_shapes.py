"""Each shape's arithmetic, and what it refuses."""

from itertools import islice
from random import Random

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.plan import problems
from shared.plan.loads import Burst, Concurrency, Constant, Load, Poisson, Ramp, Stages

ADAPTER: TypeAdapter[Load] = TypeAdapter(Load)


def times(load: Load, n: int) -> list[float]:
    found = load.due_times(Random("seed"))
    assert found is not None
    return list(islice(found, n))


def test_constant_divides_so_that_no_error_adds_up() -> None:
    assert times(Constant(rate_per_s=10), 4) == [0, 0.1, 0.2, 0.3]
    assert times(Constant(rate_per_s=10), 1_000_001)[-1] == 100_000.0


def test_poisson_has_the_mean_and_the_spread_of_exponential_gaps() -> None:
    n = 100_000
    due = times(Poisson(rate_per_s=50), n)
    gaps = [after - before for before, after in zip([0.0, *due], due, strict=False)]
    mean = sum(gaps) / n
    # Four standard errors: sd of a gap is its mean, 1/50, so 4 x 0.02 / sqrt(n).
    assert abs(mean - 0.02) < 4 * 0.02 / n**0.5
    # An exponential gap is over its mean in 1/e of all cases.
    assert abs(sum(gap > 0.02 for gap in gaps) / n - 0.3679) < 0.007


def test_poisson_times_are_those_of_this_seed_for_ever() -> None:
    # random() is promised to stay the same; a stored plan must give the same run.
    assert times(Poisson(rate_per_s=1), 2) == pytest.approx(
        [0.14877380359, 0.41889004481], abs=1e-9
    )


def test_a_ramp_reaches_slot_i_where_its_integral_is_i() -> None:
    ramp = Ramp(over="rate", start=2, end=10, duration_s=16)
    for slot, due in enumerate(times(ramp, 96)):
        # 2 t + (8 / 16) t^2 / 2
        assert 2 * due + 0.25 * due * due == pytest.approx(slot, abs=1e-9)
    # (2 + 10) / 2 x 16 = 96 slots
    assert len(times(ramp, 1000)) == 96


def test_a_ramp_from_nothing_begins_at_zero() -> None:
    # t^2 / 2 = i -> t = sqrt(2 i)
    ramp = Ramp(over="rate", start=0, end=10, duration_s=10)
    assert times(ramp, 3) == [0, pytest.approx(2**0.5), 2]


def test_a_ramp_to_nothing_ends_within_its_time() -> None:
    ramp = Ramp(over="rate", start=10, end=0, duration_s=10)
    due = times(ramp, 1000)
    assert len(due) == 50
    assert due[-1] < 10


def test_a_flat_ramp_is_a_constant_rate() -> None:
    flat = times(Ramp(over="rate", start=3, end=3, duration_s=10), 30)
    assert flat == pytest.approx(times(Constant(rate_per_s=3), 30))


@pytest.mark.parametrize(
    ("at_s", "lanes"),
    [(-1, 1), (0, 1), (12, 1), (13, 2), (37, 2), (38, 3), (100, 5), (1000, 5)],
)
def test_a_ramp_of_lanes_is_the_nearest_whole_number(at_s: float, lanes: int) -> None:
    # 1 + 4 t / 100
    ramp = Ramp(over="concurrency", start=1, end=5, duration_s=100)
    assert ramp.lanes(at_s) == lanes


def test_bursts_come_at_once_and_again() -> None:
    assert times(Burst(size=3, interval_s=2), 7) == [0, 0, 0, 2, 2, 2, 4]
    assert times(Burst(size=3), 7) == [0, 0, 0]


def test_a_single_burst_has_its_size_whatever_the_plan_asks() -> None:
    assert Burst(size=3).slots(1000) == 3
    assert Burst(size=3, count=2).slots(1000) == 2
    assert Burst(size=3, interval_s=1).slots(1000) == 1000


def test_stages_begin_where_the_one_before_ends() -> None:
    stages = Stages(
        stages=(
            Constant(rate_per_s=1, duration_s=2.5),
            Burst(size=2, duration_s=1.5),
            Constant(rate_per_s=2, duration_s=1),
        )
    )
    assert times(stages, 100) == [0, 1, 2, 2.5, 2.5, 4, 4.5]
    assert stages.duration_s == 5
    assert stages.slots_by(5) == pytest.approx(2.5 + 2 + 2)


def test_closed_stages_change_the_lanes() -> None:
    stages = Stages(
        stages=(
            Concurrency(concurrency=2, duration_s=10),
            Ramp(over="concurrency", start=2, end=6, duration_s=4),
        )
    )
    assert [stages.lanes(at) for at in (0, 9.9, 10, 12, 14, 99)] == [2, 2, 2, 4, 6, 6]
    assert stages.most_lanes() == 6


@pytest.mark.parametrize(
    ("load", "asked", "slots"),
    [
        (Concurrency(), 20, 20),
        (Concurrency(duration_s=5), 20, None),
        (Poisson(rate_per_s=1, duration_s=5, count=3), 20, 3),
        (Ramp(over="rate", start=1, end=2, duration_s=5), 20, None),
    ],
)
def test_a_load_without_a_count_asks_all_or_until_time_ends(
    load: Load, asked: int, slots: int | None
) -> None:
    assert load.slots(asked) == slots


STAGE = {"kind": "constant", "rate_per_s": 1, "duration_s": 1}
LANES = {"kind": "concurrency", "duration_s": 1}


@pytest.mark.parametrize(
    ("load", "path", "sentence"),
    [
        ({"kind": "constant", "rate_per_s": 0}, "rate_per_s", "greater than or equal"),
        ({"kind": "poisson", "rate_per_s": 1e7}, "rate_per_s", "less than or equal"),
        ({"kind": "poisson", "rate_per_s": float("nan")}, "rate_per_s", "finite"),
        ({"kind": "poisson", "rate_per_s": True}, "rate_per_s", "not numbers"),
        ({"kind": "poisson"}, "rate_per_s", "required"),
        ({"kind": "concurrency", "concurrency": 0}, "concurrency", "greater than"),
        ({"kind": "concurrency", "count": 0}, "count", "greater than"),
        ({"kind": "concurrency", "count": 10**30}, "count", "less than"),
        ({"kind": "concurrency", "warmup": -1}, "warmup", "greater than"),
        ({"kind": "concurrency", "duration_s": 1e308}, "duration_s", "less than"),
        ({"kind": "burst", "size": 5, "count": 6}, "count", "burst of 5 has no 6"),
        ({"kind": "burst", "size": 5, "warmup": 6}, "warmup", "give `interval_s`"),
        (
            {"kind": "ramp", "over": "rate", "start": 0, "end": 0, "duration_s": 1},
            "",
            "raise `end`",
        ),
        (
            {
                "kind": "ramp", "over": "concurrency", "start": 0, "end": 4,
                "duration_s": 1,
            },
            "",
            "0 calls cannot be open",
        ),
        (
            {
                "kind": "ramp", "over": "concurrency", "start": 1, "end": 2.5,
                "duration_s": 1,
            },
            "",
            "2.5 calls cannot be open",
        ),
        (
            {
                "kind": "ramp", "over": "concurrency", "start": 1, "end": 2,
                "duration_s": 1, "max_in_flight": 4,
            },
            "",
            "leave `max_in_flight` out",
        ),
        ({"kind": "stages", "stages": []}, "stages", "at least 1 item"),
        (
            {"kind": "stages", "stages": [STAGE, {"kind": "burst", "size": 1}]},
            "stages",
            "stage 1 has no `duration_s`",
        ),
        (
            {"kind": "stages", "stages": [STAGE | {"count": 3}]},
            "stages",
            "stage 0 has a `count`",
        ),
        (
            {"kind": "stages", "stages": [STAGE | {"warmup": 3}]},
            "stages",
            "stage 0 has a `warmup`",
        ),
        ({"kind": "stages", "stages": [STAGE, LANES]}, "stages", "cannot be mixed"),
        (
            {"kind": "stages", "stages": [LANES], "max_in_flight": 3},
            "max_in_flight",
            "leave `max_in_flight` out",
        ),
        (
            {"kind": "stages", "stages": [{"kind": "stages", "stages": [STAGE]}]},
            "stages",
            "There is no such kind",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_with_a_sentence(
    load: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.validate_python(load)
    (found,) = problems(refused.value)
    # This adapter's locations begin with the kind; those of a plan do not.
    assert found[0].removeprefix(str(load["kind"])).startswith(path and f".{path}")
    assert sentence in found[1]
