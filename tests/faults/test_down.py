"""An upstream that goes away and comes back, to workers that are processes."""

import pytest

from tests.faults.down import KINDS, LANES, Kind, outage


@pytest.mark.parametrize("kind", KINDS[:1])
async def test_an_outage_costs_few_rows_and_no_slot_though_all_workers_are_killed_in_it(
    kind: Kind,
) -> None:
    spent = await outage(kind, 1.5, kill=True)
    assert spent.rows <= 3 * LANES
    assert spent.slots == 0
    # those that were open at the kill have no rows; at an outage none was
    assert spent.calls_beyond == 0


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS[1:])
async def test_every_kind_of_outage_costs_few_rows_and_no_slot(kind: Kind) -> None:
    spent = await outage(kind, 2)
    assert spent.rows <= 3 * LANES
    assert (spent.slots, spent.calls_beyond) == (0, 0)
