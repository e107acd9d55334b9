"""What every load promises, checked on every load."""

import re
from itertools import islice, pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.plan.loads import SHAPES, Load
from shared.plan.loads.due import DueTimes
from shared.plan.loads.fields import UNCAPPED

ADAPTER: TypeAdapter[Load] = TypeAdapter(Load)
KINDS = {shape.model_fields["kind"].default for shape in SHAPES}

LOADS: dict[str, dict[str, Any]] = {
    "concurrency": {"kind": "concurrency", "concurrency": 4},
    "adaptive": {"kind": "adaptive", "max_in_flight": 4},
    "constant": {"kind": "constant", "rate_per_s": 7},
    "poisson": {"kind": "poisson", "rate_per_s": 7},
    "ramp up": {
        "kind": "ramp", "over": "rate", "start": 0, "end": 9, "duration_s": 40
    },
    "ramp down": {
        "kind": "ramp", "over": "rate", "start": 9, "end": 0, "duration_s": 40
    },
    "ramp of none": {
        "kind": "ramp", "over": "rate", "start": 3, "end": 3, "duration_s": 40
    },
    "ramp of lanes": {
        "kind": "ramp", "over": "concurrency", "start": 2, "end": 9, "duration_s": 40
    },
    "burst": {"kind": "burst", "size": 30},
    "bursts": {"kind": "burst", "size": 30, "interval_s": 5},
    "stages": {
        "kind": "stages",
        "stages": [
            {"kind": "poisson", "rate_per_s": 5, "duration_s": 10},
            {"kind": "burst", "size": 9, "duration_s": 4},
            {"kind": "ramp", "over": "rate", "start": 9, "end": 1, "duration_s": 9},
            {"kind": "constant", "rate_per_s": 5, "duration_s": 3},
        ],
    },
    "closed stages": {
        "kind": "stages",
        "stages": [
            {"kind": "concurrency", "concurrency": 3, "duration_s": 10},
            {
                "kind": "ramp", "over": "concurrency", "start": 3, "end": 1,
                "duration_s": 4,
            },
        ],
    },
}  # fmt: skip
OPEN = [
    name
    for name, fields in LOADS.items()
    if ADAPTER.validate_python(fields).due_times(Random(0)) is not None
]


@pytest.fixture(params=LOADS)
def load(request: pytest.FixtureRequest) -> Load:
    return ADAPTER.validate_python(LOADS[request.param])


@pytest.fixture(params=OPEN)
def open_load(request: pytest.FixtureRequest) -> Load:
    return ADAPTER.validate_python(LOADS[request.param])


def first(load: Load, n: int = 500, seed: str = "1") -> list[float]:
    times = load.due_times(Random(seed))
    return [] if times is None else list(islice(times, n))


def test_the_contract_covers_every_kind() -> None:
    assert {it["kind"] for it in LOADS.values()} == KINDS


def test_due_times_never_decrease_and_begin_at_or_after_zero(open_load: Load) -> None:
    times = first(open_load)
    assert len(times) > 20
    assert times[0] >= 0
    assert all(before <= after for before, after in pairwise(times))


def test_due_times_are_the_same_for_the_same_seed(open_load: Load) -> None:
    assert first(open_load, seed="a") == first(open_load, seed="a")


def test_random_due_times_differ_with_the_seed() -> None:
    poisson = ADAPTER.validate_python(LOADS["poisson"])
    assert first(poisson, seed="a") != first(poisson, seed="b")


def test_a_load_is_open_where_slots_by_is_known(load: Load) -> None:
    is_open = load.due_times(Random(0)) is not None
    assert is_open == (load.slots_by(1) is not None)


def test_slots_by_grows_and_is_what_due_times_show(open_load: Load) -> None:
    times = first(open_load, 10_000)
    before = 0.0
    for end_s in (3, 10.5, 14, 23, 26, 40):
        mean = open_load.slots_by(end_s)
        assert mean is not None
        assert mean >= before
        before = mean
        seen = sum(due < end_s for due in times)
        # Even loads: exact but for a begun slot; Poisson: five standard deviations.
        assert abs(seen - mean) <= 1 + 5 * mean**0.5 * ("poisson" in str(open_load))


def test_lanes_stay_between_one_and_most_lanes(load: Load) -> None:
    seen = [load.lanes(tenth / 10) for tenth in range(-10, 1000)]
    assert min(seen) >= 1
    assert max(seen) == load.most_lanes()


def test_max_in_flight_is_the_lanes_of_an_open_load(open_load: Load) -> None:
    assert open_load.most_lanes() == UNCAPPED
    capped = open_load.model_copy(update={"max_in_flight": 3})
    assert (capped.lanes(0), capped.lanes(1e6), capped.most_lanes()) == (3, 3, 3)


def test_a_count_is_the_number_of_slots(load: Load) -> None:
    assert load.model_copy(update={"count": 17}).slots(1000) == 17


def test_a_load_survives_json(load: Load) -> None:
    assert ADAPTER.validate_json(load.model_dump_json()) == load


def test_an_unknown_field_is_refused(load: Load) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        ADAPTER.validate_python(load.model_dump() | {"rps": 1})


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_the_shards_have_each_slot_once(open_load: Load, shards: int) -> None:
    whole = first(open_load, 200)
    seen: dict[int, float] = {}
    for shard in range(shards):
        due_times, index = DueTimes(open_load, "1", count=200), shard
        while (due := due_times.due(index)) is not None:
            assert index not in seen
            seen[index] = due
            index += shards
    assert [seen[index] for index in range(len(whole))] == whole
    assert len(seen) == len(whole)


def test_due_is_none_past_the_count_and_past_the_duration(open_load: Load) -> None:
    assert DueTimes(open_load, "1", count=5).due(5) is None
    assert DueTimes(open_load, "1", count=5).due(4) is not None
    within = DueTimes(open_load, "1", duration_s=2)
    shown = [within.due(index) for index in range(100)]
    known = [due for due in shown if due is not None]
    assert known
    assert known == [due for due in first(open_load, 100) if due < 2]


def test_due_can_be_asked_in_any_order(open_load: Load) -> None:
    forward = DueTimes(open_load, "1")
    backward = DueTimes(open_load, "1")
    there = [forward.due(index) for index in range(3000)]
    back = [backward.due(index) for index in reversed(range(3000))]
    assert there == back[::-1]


def test_nothing_is_due_in_a_closed_load() -> None:
    closed = DueTimes(ADAPTER.validate_python(LOADS["concurrency"]), "1", 10)
    assert closed.closed
    assert closed.due(0) is None


def test_a_negative_slot_is_refused() -> None:
    with pytest.raises(IndexError, match="slot -1 does not exist"):
        DueTimes(ADAPTER.validate_python(LOADS["constant"]), "1").due(-1)


def test_every_kind_of_load_has_a_heading_in_the_docs() -> None:
    text = Path("docs/loads.md").read_text("utf-8")
    headings = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    assert KINDS | {"sweep", "find"} <= headings
