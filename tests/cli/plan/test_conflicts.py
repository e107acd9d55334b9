"""Flags that contradict each other are refused by name, and none is dropped."""

from typing import Any

import pytest

from cli.plan.conflicts import check_flags
from cli.plan.flags import Flags
from shared.errors import BadPlan


@pytest.mark.parametrize(
    ("flags", "one", "other"),
    [
        ({"concurrency": "8", "rate": "2"}, "--rate 2", "--concurrency 8"),
        ({"find": True, "sweep": "1,2"}, "--find", "--sweep 1,2"),
        ({"find": True, "concurrency": "4"}, "--find", "--concurrency 4"),
        ({"sweep": "1,2", "concurrency": "4"}, "--sweep 1,2", "--concurrency 4"),
        ({"sweep": "1,2", "rate": "1..9"}, "--sweep 1,2", "--rate 1..9"),
        (
            {"load": "poisson,rate_per_s=2", "concurrency": "4"},
            "--load poisson,rate_per_s=2",
            "--concurrency 4",
        ),
        (
            {"load": "poisson,rate_per_s=2", "rate": "4"},
            "--load poisson,rate_per_s=2",
            "--rate 4",
        ),
        (
            {"provider": "harbor", "providers": "all"},
            "--provider harbor",
            "--providers all",
        ),
        ({"load": "burst,size=5", "rate": "4"}, "--load burst,size=5", "--rate 4"),
        ({"load": "constant", "rate": "1..9"}, "--load constant", "--rate 1..9"),
        (
            {"load": "constant,count=5", "count": 6},
            "--load constant,count=5",
            "--count 6",
        ),
    ],
)
def test_two_flags_that_cannot_both_be_meant_are_named(
    flags: dict[str, Any], one: str, other: str
) -> None:
    with pytest.raises(BadPlan) as caught:
        check_flags(Flags(**flags))
    assert str(caught.value).startswith(f"{one} contradicts {other}: ")


@pytest.mark.parametrize(
    "flags",
    [
        {"rate": "2", "duration": 9.0, "warmup": 1},
        {"load": "constant", "rate": "2"},
        {"load": "ramp", "rate": "1..9", "duration": 9.0},
        {"load": "poisson", "rate": "1..9", "find": True, "slo": "ttft=1"},
        {"load": "ramp,over=rate,start=1,end=9", "duration": 9.0},
        {"sweep": "1,2", "rate": "1"},
        {"find": True, "concurrency": "1..8"},
        {"load": "poison", "rate": "1"},
    ],
)
def test_flags_that_agree_are_let_pass(flags: dict[str, Any]) -> None:
    check_flags(Flags(**flags))
