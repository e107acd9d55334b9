"""Rows beside bills: what differs, and the sums, against values worked by hand."""

import pytest
from pydantic_core import to_json

from shared.errors import NewerRecord
from shared.money.reconciliation import (
    Bill,
    BillReply,
    Compared,
    Difference,
    Reconciliation,
    Row,
    compare,
    differences,
    evenly,
    read,
    totals,
)
from shared.outputs import write_json

OURS = Bill(
    cost_usd=0.001,
    provider="Harbor",
    prompt_tokens=10,
    output_tokens=20,
    reasoning_tokens=5,
)


def beside(ours: Bill, status: int | None, theirs: Bill | None = None) -> Compared:
    return compare(Row(0, 3, 1, "gen-1", ours), BillReply(status, theirs))


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({}, []),
        ({"cost_usd": 0.001 + 5e-10}, []),
        ({"cost_usd": 0.001 + 2e-9}, ["cost"]),
        ({"cost_usd": 0.0}, ["cost"]),
        ({"cost_usd": None, "provider": None, "output_tokens": None}, []),
        ({"provider": "HARBOR"}, []),
        ({"provider": "Kestrel"}, ["provider"]),
        ({"prompt_tokens": 11}, ["tokens"]),
        ({"output_tokens": 0}, ["tokens"]),
        ({"reasoning_tokens": 6}, ["tokens"]),
        (
            {"cost_usd": 1.0, "provider": "x", "output_tokens": 1},
            ["cost", "provider", "tokens"],
        ),
    ],
)
def test_only_what_both_say_can_differ(
    theirs: dict[str, object], expected: list[Difference]
) -> None:
    bill = Bill.model_validate({**OURS.model_dump(), **theirs})
    assert differences(OURS, bill) == expected
    assert differences(bill, OURS) == expected


def test_what_we_did_not_know_is_no_difference() -> None:
    assert differences(Bill(), OURS) == []


def test_a_row_keeps_how_the_upstream_answered() -> None:
    found = beside(OURS, 200, OURS.model_copy(update={"cost_usd": 0.002}))
    assert (found.state, found.differs) == ("found", ("cost",))
    assert (found.slot, found.attempt, found.generation_id) == (3, 1, "gen-1")
    assert beside(OURS, 404).state == "not_found"
    assert beside(OURS, 503).state == beside(OURS, None).state == "unanswered"
    assert beside(OURS, 503).status == 503


def test_the_sums_are_over_the_rows_that_were_found() -> None:
    calls = [
        beside(OURS, 200, OURS),
        beside(OURS, 200, OURS.model_copy(update={"cost_usd": 0.004})),
        beside(Bill(output_tokens=7), 200, Bill(cost_usd=0.25, output_tokens=8)),
        beside(OURS, 404),
        beside(OURS, 502),
    ]
    found = totals(calls, rows=9, rows_with_id=7)
    assert found.theirs_usd == pytest.approx(0.001 + 0.004 + 0.25)
    assert found.ours_usd == pytest.approx(0.002)
    assert (found.without_cost_rows, found.without_cost_usd) == (1, 0.25)
    assert (found.rows, found.rows_with_id, found.asked) == (9, 7, 5)
    assert (found.found, found.not_found, found.unanswered) == (3, 1, 1)
    assert (found.differing_cost, found.differing_tokens) == (1, 1)
    assert found.differing_provider == 0


def test_without_a_bill_the_sums_are_unknown_and_not_zero() -> None:
    found = totals([beside(OURS, 404)], rows=1, rows_with_id=1)
    assert found.theirs_usd is found.ours_usd is found.without_cost_usd is None
    free = beside(OURS, 200, Bill(cost_usd=0.0))
    assert totals([free], rows=1, rows_with_id=1).theirs_usd == 0.0


@pytest.mark.parametrize(
    ("n", "most", "expected"),
    [
        (0, 5, set()),
        (3, 5, {0, 1, 2}),
        (5, 5, {0, 1, 2, 3, 4}),
        (10, 2, {0, 5}),
        (1_000_000, 3, {0, 333_333, 666_666}),
    ],
)
def test_a_sample_is_spread_over_all_rows(
    n: int, most: int, expected: set[int]
) -> None:
    assert evenly(n, most) == expected


def test_a_file_is_read_again_without_its_calls() -> None:
    calls = (beside(OURS, 404),)
    whole = Reconciliation(
        job_id="j",
        upstream="u",
        ended_at="t",
        notes=("n",),
        totals=totals(calls, rows=1, rows_with_id=1),
        calls=calls,
    )
    assert read(write_json(whole)) == whole.model_copy(update={"calls": ()})
    newer = {**whole.model_dump(mode="json"), "schema_version": 2}
    with pytest.raises(NewerRecord, match=r"reconciliation\.json"):
        read(to_json(newer))
