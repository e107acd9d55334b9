"""How long plans take at least, each worked by hand; tests/worker/test_quoted_runs.py
has some of them run."""

from typing import Any

import pytest

from shared.plan import LEAD_S, Plan
from shared.plan.durations import least_s


def a_plan(load: dict[str, Any], **more: Any) -> Plan:
    """Four prompts, once each."""
    return Plan.model_validate(
        {
            "targets": [{"model": "a/b"}],
            "prompts": {"prompts": ["a", "b", "c", "d"]},
            "runs": 1,
            "load": load,
            **more,
        }
    )


CLOSED = {"kind": "concurrency", "concurrency": 2}
CONSTANT = {"kind": "constant", "rate_per_s": 2}
BURSTS = {"kind": "burst", "size": 3, "interval_s": 10}
STAGES = [
    {"kind": "constant", "rate_per_s": 3, "duration_s": 60},
    {"kind": "burst", "size": 3, "duration_s": 30},
]


@pytest.mark.parametrize(
    ("load", "takes_s"),
    [
        (CLOSED, 0),  # as fast as the upstream is
        ({**CLOSED, "duration_s": 60}, 60),
        ({**CLOSED, "duration_s": 60, "count": 100}, 0),  # or whichever comes first
        # the warm-up is over after its three, but no earlier than they are answered
        ({**CLOSED, "duration_s": 60, "warmup": 3}, 60),
        (CONSTANT, LEAD_S + 1.5),  # due at 0, 0.5, 1, 1.5
        ({**CONSTANT, "duration_s": 60}, LEAD_S + 60),
        ({**CONSTANT, "count": 9}, LEAD_S + 4),
        ({**CONSTANT, "count": 9, "duration_s": 2}, LEAD_S + 2),
        ({**CONSTANT, "count": 3, "duration_s": 60}, LEAD_S + 1),
        # 0 and 0.5; then as above
        ({**CONSTANT, "warmup": 2}, LEAD_S + 0.5 + LEAD_S + 1.5),
        ({"kind": "burst", "size": 5}, LEAD_S),
        ({**BURSTS, "count": 9}, LEAD_S + 20),
        ({**BURSTS, "count": 10}, LEAD_S + 30),
        ({**BURSTS, "duration_s": 15}, LEAD_S + 15),
        # t^2 = i: the tenth is due at 3
        (
            {
                "kind": "ramp",
                "over": "rate",
                "start": 0,
                "end": 20,
                "duration_s": 10,
                "count": 10,
            },
            LEAD_S + 3,
        ),
        (
            {
                "kind": "ramp",
                "over": "concurrency",
                "start": 1,
                "end": 9,
                "duration_s": 7,
            },
            7,
        ),
        ({"kind": "stages", "stages": STAGES}, LEAD_S + 90),
        # 180 of the first stage, and the burst begins with the second
        ({"kind": "stages", "stages": STAGES, "count": 182}, LEAD_S + 60),
        # at most 120 a minute: seven times half a second after the first
        ({"kind": "adaptive", "max_per_minute": 120, "count": 8}, 3.5),
        (
            {
                "kind": "adaptive",
                "max_per_minute": 120,
                "count": 8,
                "duration_s": 2,
            },
            2,
        ),
        ({"kind": "adaptive", "max_per_minute": 120, "duration_s": 60}, 60),
    ],
)
def test_a_load_takes_so_long(load: dict[str, Any], takes_s: float) -> None:
    assert least_s(a_plan(load)) == pytest.approx(takes_s)


def test_the_values_of_a_sweep_are_held_one_after_the_other() -> None:
    five = {"over": "concurrency", "values": [1, 2, 4, 8, 16]}
    assert least_s(a_plan({**CLOSED, "duration_s": 60}, sweep=five)) == 300
    # four calls at 2 a second and at 8 a second
    rates = {"over": "rate", "values": [2, 8]}
    takes_s = 2 * LEAD_S + 3 / 2 + 3 / 8
    assert least_s(a_plan(CONSTANT, sweep=rates)) == pytest.approx(takes_s)


def test_a_search_may_be_over_after_its_first_value() -> None:
    find = {"over": "rate", "low": 0.5, "high": 8}
    plan = a_plan({**CONSTANT, "count": 4}, find=find, slo={"latency_s": 1})
    assert least_s(plan) == pytest.approx(LEAD_S + 3 / 0.5)


def test_chance_is_the_plans() -> None:
    plan = a_plan({"kind": "poisson", "rate_per_s": 10, "count": 50}, order_seed=7)
    assert least_s(plan) == least_s(plan.model_copy())
    assert 2 < least_s(plan) < 10  # 5 s by the mean
    timed = a_plan({"kind": "poisson", "rate_per_s": 10, "duration_s": 30})
    assert least_s(timed) == LEAD_S + 30


def test_two_targets_of_an_adaptive_load_are_asked_beside_each_other() -> None:
    two = [{"model": "a/b"}, {"model": "a/c"}]
    plan = a_plan({"kind": "adaptive", "max_per_minute": 60, "count": 9}, targets=two)
    assert least_s(plan) == 4  # five of one of them
