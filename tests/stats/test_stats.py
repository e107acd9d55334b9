"""What `make stats` draws is what it says, and a gate that is not met fails."""

from typing import Any

import numpy as np
import pytest

from tests.stats import truths
from tests.stats.__main__ import DOCS, SECTIONS, with_table
from tests.stats.section import Section
from tests.stats.worlds import (
    DRIFT,
    LIKES,
    OUTAGES,
    ROUTER,
    TAME,
    Case,
    Drawn,
    World,
    drawn,
)


def many(world: World, **more: Any) -> Drawn:
    case = Case(world=world, prompts=20, repetitions=10, **more)
    return next(drawn(case, 400, 1))


def test_times_vary_by_as_much_as_the_case_says() -> None:
    for world in (TAME, LIKES):
        logs = many(world, sd=0.8).logs[0]
        assert logs.std() == pytest.approx(0.8, rel=0.02)


@pytest.mark.parametrize("order", ["adjacent", "blocks"])
def test_each_slot_is_taken_once(order: str) -> None:
    slots = many(TAME, order=order).slot
    both = np.sort(np.concatenate(slots, axis=1), axis=1)
    assert (both == np.arange(400)).all()
    apart = np.abs(slots[0] - slots[1])
    assert bool(apart.max() == 1) is (order == "adjacent")


def test_a_router_switches_after_about_fifty_calls_of_a_target() -> None:
    of = many(ROUTER)
    in_time = np.take_along_axis(of.drift[0], of.slot[0].argsort(1), 1)
    switches = (np.diff(in_time, axis=1) != 0).mean()
    assert 1 / 65 < switches < 1 / 40
    assert set(np.unique(of.drift[0])) == {-0.2, 0.2}


def test_a_drift_has_its_spread_and_outages_their_share() -> None:
    assert many(DRIFT).drift[0].std() == pytest.approx(0.2, rel=0.1)
    assert many(OUTAGES).fail_p[0].mean() == pytest.approx(0.02, rel=0.15)


def test_the_truth_of_these_minutes_has_the_drift_in_it() -> None:
    of = many(ROUTER, a_is=0.1)
    by_hand = 0.1 + of.drift[0][3].mean() - of.drift[1][3].mean()
    assert truths.latency(of, True)[3] == pytest.approx(by_hand)
    assert truths.latency(of, False)[3] == 0.1


def test_a_gate_that_is_not_met_is_said() -> None:
    section = Section("sides", "Runs.", ("a", "b"), [("1", "2")])
    section.gate("so many", 0.08, 0.03, 0.07)
    assert section.broken == ["so many: 8.0 %, not 3.0 % to 7.0 %"]
    text = with_table("x\n<!-- sides -->\nold\n<!-- end -->\ny", section, "Build.")
    assert "old" not in text
    assert "**Not met:** so many" in text
    assert text.startswith("x\n<!-- sides -->\nRuns.\n\n| a | b |\n| --- | --- |\n")


def test_every_table_stands_in_the_docs_and_meets_its_gates() -> None:
    text = DOCS.read_text("utf-8")
    for name in SECTIONS:
        _, _, table = text.partition(f"<!-- {name} -->\n")
        table = table.partition("<!-- end -->")[0]
        assert "All gates are met" in table, name
