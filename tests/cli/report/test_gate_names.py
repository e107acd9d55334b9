"""A gate on a name that the plan has not is refused before anything is asked."""

from typing import Any

import pytest

from cli.report.gates import check_job, check_names, parse_gate
from shared.errors import BadPlan
from shared.plan import Plan

TARGETS = [{"model": "acme/orca-pro", "provider": "harbor"}, {"model": "x/y"}]
SWEEP = {"sweep": {"over": "concurrency", "values": [4, 8]}}
FIND = {"find": {"over": "rate", "low": 1, "high": 8}, "slo": {"ttft_s": 1}}
FIND |= {"load": {"kind": "poisson", "rate_per_s": 1, "duration_s": 5}}


def plan(**more: Any) -> Plan:
    """Two targets, one of them pinned."""
    asked = {"targets": TARGETS, "prompts": {"prompts": ["Why?"]}, **more}
    return Plan.model_validate(asked)


@pytest.mark.parametrize(
    ("of", "more", "said"),
    [
        (
            "acme/orca",
            {},
            "no target `acme/orca`. Did you mean `acme/orca-pro`"
            " or `acme/orca-pro@harbor`?",
        ),
        ("mian", {}, "no target or step `mian`. Did you mean `main`?"),
        ("concurrency 2", SWEEP, "no step `concurrency 2`. Did you mean"),
        ("concurrency", SWEEP, "no step `concurrency`. Did you mean"),
        ("main", SWEEP, "no target or step `main`. There are: acme/orca-pro,"),
        ("rate 9", FIND, "no step `rate 9`. Did you mean `rate 1`?"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_what_may_be_meant(
    of: str, more: dict[str, Any], said: str
) -> None:
    gates = [parse_gate(f"{of}: ttft.p95 > 1s")]
    with pytest.raises(BadPlan) as caught:
        check_names(gates, plan(**more))
    assert said in str(caught.value)
    with pytest.raises(BadPlan):
        check_job(gates, {"plan": plan(**more).model_dump(mode="json")})


@pytest.mark.parametrize(
    ("of", "more"),
    [
        ("acme/orca-pro", {}),
        ("acme/orca-pro@harbor", {}),
        ("main", {}),
        ("warm-up", {"load": {"warmup": 2}}),
        ("concurrency 8", SWEEP),
        ("rate 3.5", FIND),
    ],
)
def test_targets_models_and_steps_are_names(of: str, more: dict[str, Any]) -> None:
    check_names([parse_gate(f"{of}: ttft.p95 > 1s")], plan(**more))
