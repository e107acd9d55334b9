"""Gates on changes: read from their text, and judged by intervals made by hand."""

from typing import Any

import pytest
import typer

from cli.report import GateOutcome, as_json, as_junit, as_markdown, options_of
from cli.report.against import HeldTo, held, parse_change
from cli.report.gates import check_names
from cli.report.sentences import gate as sentence
from shared.errors import BadPlan
from tests.cli.fixed import JOB_ID, done
from tests.kept import FAST, plan_of

OLD = "01M8GDWEF9ZS91KRZ1K9613N2C"


def metric(
    name: str, *ends: float, a: float | None = 0.56, b: float | None = 0.5
) -> Any:
    """One with an estimate, a lower and an upper end; without them there is none."""
    minutes = (
        dict(zip(("estimate", "low", "high"), ends, strict=True)) if ends else None
    )
    why = None if ends else "11 pairs are too few: it takes 12."
    return {"metric": name, "a": a, "b": b, "minutes": minutes, "why": why}


def compared(*metrics: Any, target: str = FAST) -> HeldTo:
    """A comparison with a benchmark of the name `main`."""
    verdict = {
        "a": {"job_id": JOB_ID, "target": target},
        "b": {"job_id": OLD, "target": target},
        "metrics": list(metrics),
        "sentence": "Between these two moments it was 12 % slower.",
    }
    jobs = [
        {"job_id": i, "created_at": "2026-11-23T08:00:01.250Z"} for i in (JOB_ID, OLD)
    ]
    found = {"jobs": jobs, "verdicts": [verdict], "differences": [], "left_out": []}
    return HeldTo("main", found)


def judged(text: str, beside: HeldTo | None, *, strict: bool = False) -> GateOutcome:
    (one,) = held([parse_change(text)], beside, strict=strict)
    return one


TTFT = metric("ttft", 0.12, 0.08, 0.16)  # 560 ms beside 500 ms


@pytest.mark.parametrize(
    ("text", "failed", "is_open"),
    [
        ("ttft > +5%", True, False),  # at least +8 %
        ("ttft > +8%", False, True),  # +8 to +16 %: it may be 8.0
        ("ttft >= +8%", True, False),
        ("ttft > +10%", False, True),
        ("ttft > +16%", False, False),  # at most that
        ("ttft >= +16%", False, True),
        ("ttft > +20%", False, False),
        ("ttft > +30ms", True, False),  # 8 % of 500 ms are 40 ms
        ("ttft > +50ms", False, True),
        ("ttft > +0.09s", False, False),  # 16 % are 80 ms
        ("ttft < -5%", False, False),  # it did not become quicker
        ("ttft < +20%", True, False),
    ],
)
def test_a_change_fails_by_the_near_end_and_holds_by_the_far_one(
    text: str, failed: bool, is_open: bool
) -> None:
    one = judged(text, compared(TTFT))
    assert (one.failed, one.is_open) == (failed, is_open)
    assert judged(text, compared(TTFT), strict=True).failed is (failed or is_open)


def test_shares_change_by_points_and_costs_by_their_ratio() -> None:
    success = metric("success", -0.03, -0.05, -0.02, a=0.95, b=0.98)
    cost = metric("cost", 0.5, 0.4, 0.6, a=0.003, b=0.002)
    beside = compared(success, cost)
    one = judged("success < -1%", beside)
    assert (one.failed, one.value.point, one.value.high) == (True, -0.03, -0.02)
    assert one.words == "-3.0 points (-5.0 to -2.0), 95.0 % beside 98.0 %: proved"
    assert judged("success < -2%", beside).is_open
    assert judged("cost > +30%", beside).failed
    assert judged("usd_per_1000_good > +50%", beside).is_open


def test_a_change_in_milliseconds_says_so() -> None:
    assert judged("ttft > +50ms", compared(TTFT)).words == (
        "+60.0 ms (+40.0 to +80.0), 560 ms beside 500 ms: cannot tell"
    )


@pytest.mark.parametrize(
    ("text", "beside", "said"),
    [
        ("ttft > +1%", None, "there is nothing to compare it with"),
        ("ttft > +1%", HeldTo("x", None, "No such run."), "No such run"),
        ("ttft > +1%", compared(metric("ttft")), "11 pairs are too few: it takes 12"),
        ("ttft.p90 > +1%", compared(TTFT), "ttft.p90 is not compared; there are ttft"),
        ("a/b: ttft > +1%", compared(TTFT), "a/b is not compared"),
        (
            "ttft > +1%",
            compared(TTFT, metric("success", 0, 0, 0, a=1.0, b=0.9)),
            "the quicker one fails more often",
        ),
        (
            "ttft > +20%",
            compared(TTFT, metric("success", 0, 0, 0, a=0.9, b=1.0)),
            "the quicker one fails more often",
        ),
        (
            "ttft > +1ms",
            compared(metric("ttft", 0.1, 0.1, 0.1, b=None)),
            "the other's value is not known",
        ),
    ],
)
def test_what_cannot_be_judged_is_said_and_fails_strictly_alone(
    text: str, beside: HeldTo | None, said: str
) -> None:
    one = judged(text, beside)
    assert (one.failed, one.is_open, one.value.point) == (False, True, None)
    assert one.words.startswith(f"cannot be judged: {said}")
    assert judged(text, beside, strict=True).failed


def test_who_is_slower_although_it_fails_more_is_proved_to_be() -> None:
    failing = metric("success", 0, 0, 0, a=0.9, b=1.0)
    assert judged("ttft > +5%", compared(TTFT, failing)).words.endswith("proved")
    steady = metric("success", 0, 0, 0, a=1.0, b=0.9)
    assert not judged("ttft > +20%", compared(TTFT, steady)).is_open


def test_a_tail_counts_failures_so_that_it_is_judged_beside_them() -> None:
    tail = metric("ttft_p95", 0.5, 0.4, 0.6)
    success = metric("success", 0, 0, 0, a=0.9, b=1.0)
    assert judged("ttft.p95 > +10%", compared(tail, success)).failed


def test_each_target_is_judged_by_itself_and_a_model_names_its_provider() -> None:
    beside = compared(TTFT, target="a/b@c")
    assert judged("a/b: ttft > +5%", beside).of == "a/b@c"
    assert judged("ttft > +5%", beside).of == "a/b@c"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tftt > +1%", "Did you mean ttft"),
        ("gap > +1%", "is not compared with anything"),
        ("ttft > +1", "is no gate on a change"),
        ("success < -1s", "written in %"),
        ("cost > +1ms", "written in %"),
    ],
)
def test_a_change_that_cannot_be_read_says_how_to_write_it(
    text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        parse_change(text)


def test_the_options_know_both_kinds_and_a_change_needs_whom_it_is_against() -> None:
    made = options_of(fail_if=["ttft > +5%", "ttft.p95 > 1s"], against="main")
    assert [gate.text for gate in made.all_gates] == ["ttft.p95 > 1s", "ttft > +5%"]
    for wrong in ({"fail_if": ["ttft > +5%"]}, {"save_as": "a b"}):
        with pytest.raises(typer.BadParameter):
            options_of(**wrong)  # type: ignore[arg-type]


def test_a_change_of_a_target_that_the_plan_has_not_is_refused() -> None:
    plan = plan_of(FAST)
    check_names([parse_change(f"{FAST}: ttft > +5%")], plan)
    for name in ("acme/swift", "main"):
        with pytest.raises(BadPlan, match="is compared"):
            check_names([parse_change(f"{name}: ttft > +5%")], plan)


def test_every_document_has_the_change_its_interval_and_what_it_is_beside() -> None:
    job, beside = done(), compared(TTFT)
    texts = ("ttft > +5%", "ttft > +10%", "ttft > +20%")
    gates = held([parse_change(text) for text in texts], beside, strict=False)
    figure = "+12.0 % (+8.0 to +16.0), 560 ms beside 500 ms"
    assert (
        sentence(gates[1])
        == f'cannot tell: fail if "{texts[1]}" of {FAST}: {figure}: cannot tell'
    )
    said = as_json(job, gates, beside)
    assert [(one["failed"], one["is_open"]) for one in said["gates"]] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert (said["gates"][0]["low"], said["exit_code"]) == (0.08, 1)
    assert said["against"]["job_id"] == OLD
    assert said["against"]["comparison"] == beside.comparison
    junit = as_junit(job, gates, beside)
    assert f'<failure message="{figure}: proved"' in junit
    assert f"<system-out>{figure}: cannot tell</system-out>" in junit
    assert f"<system-out>{figure}: proved not to be so</system-out>" in junit
    assert "it was 12 % slower" in junit
    marked = as_markdown(job, gates, beside)
    assert (
        f"| fail if ttft \\> +5% of {FAST} | **failed** | {figure}: proved |" in marked
    )
    assert "| cannot tell |" in marked
    assert f"Against main ({OLD}), of 2026-11-23 08:00:" in marked
