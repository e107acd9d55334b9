"""Rows as columns: the same numbers as the functions of one row, in any order."""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.analysis.columns import Columns, columns_of
from shared.analysis.gaps import gap_bucket, gap_histogram
from shared.analysis.metrics import METRICS
from shared.errors import NewerRecord
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.sample import Note, Outcome, Sample, encode
from tests.shared.analysis.gaps_of_row import gap_n, gap_p50_s, gap_p99_s

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
)
DERIVED: dict[str, Callable[[Sample], float | None]] = {
    **METRICS,
    "gap_n": gap_n,
    "gap_p50_s": gap_p50_s,
    "gap_p99_s": gap_p99_s,
}
STAMP = st.none() | st.integers(0, 10**12).map(lambda ns: ns / 1e9)
COUNT = st.none() | st.integers(0, 10**6)
NOTES = st.sampled_from(list(Note))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    events = draw(st.lists(st.integers(0, 10**10), max_size=8))
    gaps, sum_s, max_s = gap_histogram([ns / 1e9 for ns in sorted(events)])
    named = ("due_s", "started_s", "sent_s", "first_token_s", "first_visible_s")
    return Sample(
        step=draw(st.integers(0, 2)),
        slot=draw(st.integers(0, 5)),
        attempt=draw(st.integers(0, 2)),
        target=draw(st.integers(0, 1)),
        prompt=draw(st.integers(0, 1)),
        outcome=draw(st.sampled_from(Outcome)),
        provider=draw(st.none() | st.sampled_from(["Acme", "Другой", ""])),
        reused=draw(st.none() | st.booleans()),
        last_token_s=draw(STAMP),
        ended_s=draw(STAMP),
        output_tokens=draw(COUNT),
        notes=draw(st.none() | st.lists(NOTES, max_size=3).map(" ".join)),
        gaps=gaps,
        gap_sum_s=sum_s,
        gap_max_s=max_s,
        **{name: draw(STAMP) for name in named},
    )


def a_row(**changed: Any) -> Sample:
    fixed: dict[str, Any] = {
        "step": 0,
        "slot": 0,
        "target": 0,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    return Sample(**(fixed | changed))


def column(rows: Columns, name: str) -> list[Any]:
    """A column as Python has it: None for what is missing."""
    values = rows.table[name].astype(object)
    return values.where(values.notna(), None).tolist()


@settings(deadline=None)
@given(
    st.lists(samples(), max_size=12, unique_by=lambda s: (s.step, s.slot, s.attempt))
)
def test_columns_say_what_the_functions_of_one_row_say(rows: list[Sample]) -> None:
    made = columns_of(PLAN, rows)
    in_order = sorted(rows, key=lambda row: (row.step, row.slot, row.attempt))
    for name, metric in DERIVED.items():
        for found, row in zip(column(made, name), in_order, strict=True):
            expected = metric(row)
            if expected is None:
                assert found is None
            else:
                # A column is rounded to whole nanoseconds.
                assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    for name in ("outcome", "provider", "reused", "sent_s", "output_tokens"):
        assert column(made, name) == [getattr(row, name) for row in in_order]


@settings(deadline=None)
@given(
    st.lists(samples(), max_size=8, unique_by=lambda s: (s.step, s.slot, s.attempt)),
    st.randoms(use_true_random=False),
)
def test_columns_do_not_depend_on_the_order_of_rows(
    rows: list[Sample], rng: Random
) -> None:
    shuffled = rng.sample(rows, len(rows))
    one, other = columns_of(PLAN, rows), columns_of(PLAN, shuffled)
    for name in one.table.columns:
        assert column(one, name) == column(other, name)


def test_encoded_rows_and_samples_are_the_same() -> None:
    rows = [a_row(slot=slot, sent_s=slot / 3) for slot in range(5)]
    encoded = columns_of(PLAN, map(encode, rows))
    assert column(encoded, "sent_s") == column(columns_of(PLAN, rows), "sent_s")


def test_stamps_are_whole_nanoseconds() -> None:
    made = columns_of(PLAN, [a_row(sent_s=0.1 + 0.2, ended_s=1.0)])
    assert column(made, "sent_s") == [0.3]
    assert column(made, "latency_s") == [0.7]


def test_the_first_and_the_last_attempt_of_a_slot_are_marked() -> None:
    keys = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 1, 0), (1, 1, 2)]
    rows = [a_row(step=step, slot=slot, attempt=n) for step, slot, n in keys]
    made = columns_of(PLAN, rows[::-1])
    assert column(made, "first") == [True, False, True, True, False]
    assert column(made, "final") == [False, True, True, False, True]


def test_warmup_rows_are_marked() -> None:
    warm = PLAN.model_copy(update={"load": Concurrency(warmup=2)})
    made = columns_of(warm, [a_row(step=0), a_row(step=1)])
    assert column(made, "warmup") == [True, False]
    assert column(columns_of(PLAN, [a_row(step=0)]), "warmup") == [False]


def test_no_rows_have_columns_too() -> None:
    made = columns_of(PLAN, [])
    assert len(made.table) == 0
    assert column(made, "outcome") == []


def test_a_row_of_an_earlier_build_is_filled_with_defaults() -> None:
    names = ["schema", *(field.name for field in fields(Sample))]
    whole = json.loads(
        encode(a_row(cost_usd=0.5, cache_hit=True, notes="one_burst", kind="ok"))
    )
    short = whole[: names.index("cache_hit")]
    made = columns_of(PLAN, [json.dumps(short).encode()])
    assert column(made, "cache_hit") == [None]
    assert column(made, "retry") == [0]
    assert column(made, "notes") == [None]
    assert column(made, "cost_usd") == [0.5]


def test_a_row_of_a_later_schema_is_refused() -> None:
    later = json.loads(encode(a_row()))
    later[0] += 1
    with pytest.raises(NewerRecord, match="Upgrade"):
        columns_of(PLAN, [json.dumps(later).encode()])


def test_many_chunks_are_one_set_of_columns() -> None:
    gaps = ((gap_bucket(0.5), 2),)
    rows = [a_row(slot=slot, worker=f"w{slot % 7}", gaps=gaps) for slot in range(2_500)]
    made = columns_of(PLAN, map(encode, rows))
    assert column(made, "slot") == list(range(2_500))
    assert column(made, "worker") == [row.worker for row in rows]
    assert column(made, "gap_n") == [2.0] * 2_500
