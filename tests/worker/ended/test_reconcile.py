"""How rows are compared with their bills."""

import json

from tests.children import CANARY
from tests.worker.ended.bills_desk import Bills, Desk


async def test_rows_and_bills_that_are_equal(desk: Desk, bills: Bills) -> None:
    job_id = await desk.ended(5)
    found = await desk.done(job_id)
    assert found["job_id"] == job_id
    assert found["notes"] == []
    assert found["totals"] == {
        "rows": 5,
        "rows_with_id": 5,
        "asked": 5,
        "found": 5,
        "not_found": 0,
        "unanswered": 0,
        "differing_cost": 0,
        "differing_provider": 0,
        "differing_tokens": 0,
        "theirs_usd": 2.5,
        "ours_usd": 2.5,
        "without_cost_rows": 0,
        "without_cost_usd": None,
    }
    assert [call["slot"] for call in found["calls"]] == [0, 1, 2, 3, 4]
    assert bills.keys == {f"Bearer {CANARY}"}
    assert CANARY not in json.dumps(found)


async def test_a_row_without_a_cost_gets_to_know_it(desk: Desk) -> None:
    found = await desk.done(await desk.ended(3, cost_usd=None))
    assert found["totals"]["ours_usd"] is None
    assert found["totals"]["without_cost_rows"] == 3
    assert found["totals"]["without_cost_usd"] == 1.5
    assert found["totals"]["differing_cost"] == 0


async def test_what_is_not_there_yet_is_asked_for_again(
    desk: Desk, bills: Bills
) -> None:
    bills.not_yet = 2
    found = await desk.done(await desk.ended(6))
    assert found["totals"]["found"] == 6
    assert set(bills.asked.values()) == {3}


async def test_what_is_never_there_is_not_found(desk: Desk, bills: Bills) -> None:
    bills.not_yet = 1000
    found = await desk.done(await desk.ended(3))
    assert (found["totals"]["not_found"], found["totals"]["found"]) == (3, 0)
    assert found["totals"]["theirs_usd"] is None
    assert {call["state"] for call in found["calls"]} == {"not_found"}
    assert set(bills.asked.values()) == {4}, "once, and after each of three pauses"


async def test_an_upstream_that_fails_leaves_rows_unanswered(
    desk: Desk, bills: Bills
) -> None:
    bills.status = 503
    found = await desk.done(await desk.ended(2))
    assert [(c["state"], c["status"]) for c in found["calls"]] == [
        ("unanswered", 503)
    ] * 2


async def test_a_key_that_may_not_ask_is_not_tried_on_every_row(
    desk: Desk, bills: Bills
) -> None:
    bills.status = 401
    found = await desk.done(await desk.ended(30))
    assert bills.asked.total() <= 4
    assert found["totals"]["asked"] == found["totals"]["unanswered"] == len(bills.asked)
    (note,) = found["notes"]
    assert "401" in note


async def test_more_rows_than_allowed_are_sampled_evenly(
    desk: Desk, bills: Bills
) -> None:
    found = await desk.done(await desk.ended(100))
    totals = found["totals"]
    assert (totals["rows_with_id"], totals["asked"]) == (100, 40)
    slots = [call["slot"] for call in found["calls"]]
    assert slots == [place * 100 // 40 for place in range(40)]
    assert sorted(bills.asked) == [f"gen-{slot:03}" for slot in slots]
    (note,) = found["notes"]
    assert note.startswith("40 of 100 rows")


async def test_rows_without_an_id_are_counted_and_not_asked_for(
    desk: Desk, bills: Bills
) -> None:
    found = await desk.done(await desk.ended(4, generation_id=None))
    assert (found["totals"]["rows"], found["totals"]["rows_with_id"]) == (4, 0)
    assert not bills.asked


async def test_few_are_asked_for_at_a_time(desk: Desk, bills: Bills) -> None:
    bills.slow_s = 0.05
    first, second = await desk.ended(20), await desk.ended(20)
    await desk.done(first)
    await desk.done(second)
    assert bills.most_open <= 4
