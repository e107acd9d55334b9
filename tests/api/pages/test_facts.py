"""A plan in words: each load, and how many prompts there are."""

from typing import Any

import pytest

from api.pages.ended.facts import plan_facts
from shared.plan import Plan

ASKED = {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["x", "y"]}, "runs": 2}


def facts(**more: Any) -> dict[str, str]:
    plan = Plan.model_validate({**ASKED, **more})
    return dict(plan_facts(plan.model_dump(mode="json")))


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ({"kind": "concurrency", "concurrency": 8}, "8 at a time, closed"),
        (
            {"kind": "poisson", "rate_per_s": 2.5, "duration_s": 60},
            "2.5 calls a second at random (Poisson), open, for 1 min",
        ),
        (
            {"kind": "adaptive", "max_per_minute": 600, "max_in_flight": 16},
            "as fast as the upstream lets it, at most 600 calls a minute of each target"
            " and 16 at a time",
        ),
        ({"kind": "burst", "size": 5, "interval_s": 2}, "burst"),
    ],
)
def test_a_load_is_said_in_words(load: dict[str, Any], said: str) -> None:
    assert facts(load=load)["Load"] == said


def test_prompts_are_counted_whether_they_are_given_or_made_up() -> None:
    assert facts()["Prompts"].startswith("2, inline; 2 times each")
    made_up = facts(prompts={"kind": "synthetic", "number": 30})["Prompts"]
    assert made_up.startswith("30, synthetic; 2 times each")
