"""GET /compare: targets of a run, runs beside each other, and what is refused."""

from typing import Any

import pytest

from api.comparing.work import comparison_of
from shared.errors import Incomparable
from shared.run import new_job_id
from tests.api.client import problem, submit
from tests.api.server import Api
from tests.kept import FAST, SLOW, keep, plan_of, rows_of

PLAN = plan_of(FAST, SLOW)
TTFT = {FAST: 0.5, SLOW: 1.0}


def kept(api: Api, plan: Any = PLAN, ttft_s: Any = None, **summary: Any) -> str:
    rows = rows_of(plan, ttft_s or TTFT)
    return keep(api.settings.results_dir, plan, rows, **summary)


def compared(api: Api, *jobs: str, **more: Any) -> dict[str, Any]:
    """By the API: in a process beside it."""
    answer = api.http.get("/compare", params={"job": jobs, **more}, timeout=60)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(api: Api, *jobs: str, kind: str = "incomparable") -> str:
    answer = api.http.get("/compare", params={"job": jobs}, timeout=60)
    return str(problem(answer, kind)["detail"])


def made(api: Api, *jobs: str, anyway: bool = False, **more: Any) -> dict[str, Any]:
    """The same in this process, which has pandas already."""
    return comparison_of(api.settings.results_dir, jobs, anyway, **more).model_dump()


def not_made(api: Api, *jobs: str) -> str:
    with pytest.raises(Incomparable) as why:
        made(api, *jobs)
    return str(why.value)


def test_the_targets_of_one_run(api: Api) -> None:
    job_id = kept(api)
    found = compared(api, job_id)
    assert (found["between"], found["differences"]) == ("targets", [])
    assert found["jobs"][0] == {
        "job_id": job_id,
        "created_at": "1970-01-01T00:16:40.000Z",
        "targets": [FAST, SLOW],
        "calls": 32,
    }
    (verdict,) = found["verdicts"]
    assert (verdict["paired"], verdict["pairs"]) == (True, 16)
    assert [each["metric"] for each in verdict["metrics"]] == [
        *("ttft", "latency", "tpot", "cost", "success"),
        *("ttft_wins", "latency_wins", "latency_at_length"),
        *("ttft_p95", "latency_p95", "ttft_p99", "latency_p99"),
    ]
    ttft, _, _, cost, success, _, wins, *tails = verdict["metrics"]
    assert {each["exploratory"] for each in tails} == {True}
    assert (ttft["minutes"]["word"], ttft["minutes"]["about"]) == (
        "better",
        "prompts like these",
    )
    assert -0.53 < ttft["minutes"]["estimate"] < -0.47  # half as long
    assert ttft["beyond"] is None
    assert cost["minutes"]["estimate"] == pytest.approx(-0.5)  # 0.001 of 0.002
    assert success["minutes"]["sentence"].endswith("(no difference seen)")
    assert wins["minutes"]["estimate"] == 0.5
    assert verdict["sentence"].startswith(f"In these minutes {FAST} began to answer 5")
    assert verdict["sentence"].endswith(
        "Beyond these minutes: cannot tell yet; it takes 200 planned pairs or more in"
        " one run."
    )


def test_prompts_that_one_target_had_in_a_cache_more_often_are_noted(api: Api) -> None:
    def told(*hits: int) -> list[str]:
        targets = [
            {"target": name, "total_runs": 16, "counts": {"prompt_cache_hits": n}}
            for name, n in zip((FAST, SLOW), hits, strict=True)
        ]
        notes = made(api, kept(api, targets=targets))["notes"]
        return [note for note in notes if "cache" in note]

    assert told(4, 4) == []
    (note,) = told(0, 8)
    assert f"(0 % of {FAST}, 50 % of {SLOW})" in note
    assert "`unique_prefix`" in note


def test_two_runs_of_the_same_prompts_are_paired_and_one_moment_each(api: Api) -> None:
    one = kept(api)
    other = kept(api, ttft_s={FAST: 0.4, SLOW: 1.0}, observations={"versions": ["9.9"]})
    found = compared(api, one[:24], other)
    assert found["between"] == "runs"
    assert found["differences"] == [
        {"what": "versions", "values": ["none", '["9.9"]'], "bars": False}
    ]
    fast, slow = found["verdicts"]
    assert (fast["a"]["job_id"], fast["b"]["job_id"]) == (one, other)
    assert (fast["a"]["target"], slow["a"]["target"]) == (FAST, SLOW)
    assert fast["metrics"][0]["minutes"]["estimate"] == pytest.approx(0.25)
    assert slow["metrics"][0]["minutes"]["word"] == "equivalent"
    assert "each run is one moment" in fast["sentence"]
    assert any("may be the target or the hour" in note for note in found["notes"])


def test_what_was_asked_for_other_work_is_refused_unless_it_is_asked_for(
    api: Api,
) -> None:
    one = kept(api)
    longer = kept(api, plan_of(FAST, SLOW, max_tokens=100))
    said = refused(api, one, longer)
    assert "max_tokens: 512 and 100" in said
    assert "anyway=true" in said
    found = made(api, one, longer, anyway=True)
    assert found["differences"][0]["bars"] is True
    assert found["verdicts"][0]["paired"] is True
    others = kept(api, plan_of(FAST, SLOW, prompts=9))
    assert "prompts: 8 (" in not_made(api, one, others)
    apart = made(api, one, others, anyway=True)["verdicts"][0]
    assert (apart["paired"], apart["metrics"][0]["n"]) == (False, 16)


def test_what_has_nothing_to_be_compared_with_is_not_made(api: Api) -> None:
    one = kept(api)
    alone = kept(api, plan_of(FAST))
    assert "has one target" in not_made(api, alone)
    assert "named twice" in refused(api, one, one)
    assert FAST in str(made(api, one, alone)["verdicts"][0])
    assert f"{SLOW}: only {one} has calls of it" in made(api, one, alone)["left_out"]
    strange = kept(api, plan_of("a/b", "c/d"), {"a/b": 1.0, "c/d": 1.0})
    assert "no target in common" in not_made(api, one, strange)


def test_runs_of_one_target_each_are_compared_whatever_it_is(api: Api) -> None:
    found = made(api, kept(api, plan_of(FAST)), kept(api, plan_of(SLOW)))
    (verdict,) = found["verdicts"]
    assert (verdict["a"]["target"], verdict["b"]["target"]) == (FAST, SLOW)
    assert verdict["metrics"][0]["minutes"]["word"] == "better"


def test_a_figure_that_the_verdict_bars_is_left_out(api: Api) -> None:
    barred = {"verdict": {"kind": "invalid", "unusable": ["ttft"]}}
    found = made(api, kept(api, **barred))
    assert found["verdicts"][0]["metrics"][0]["minutes"] is None
    assert any("`invalid`" in note for note in found["notes"])


def test_what_is_not_there_or_not_ended_is_said(api: Api) -> None:
    refused(api, new_job_id(2000.0), kind="no-such-run")
    refused(api, submit(api.http), kind="not-ready")
    refused(api, kind="invalid")
    refused(api, *(new_job_id(float(n)) for n in range(9)), kind="invalid")


def test_a_file_that_is_none_of_ours_is_unreadable(api: Api) -> None:
    job_id = kept(api)
    (api.settings.results_dir / job_id / "samples.csv").write_text("slot\n1\n")
    assert "samples.csv" in refused(api, job_id, kind="unreadable")


def test_a_control_takes_the_hour_out_of_two_runs(api: Api) -> None:
    now = kept(api)
    then = kept(api, ttft_s={FAST: 1.0, SLOW: 2.0})  # all is twice as slow
    found = compared(api, now, then, control=SLOW)
    (verdict,) = found["verdicts"]
    assert (verdict["a"]["target"], verdict["control"]) == (FAST, SLOW)
    ttft = verdict["metrics"][0]
    assert ttft["minutes"]["estimate"] == pytest.approx(0, abs=1e-6)
    assert f"beside what {SLOW} did" in verdict["sentence"]
    with pytest.raises(Incomparable) as why:
        made(api, now, then, control="acme/whale")
    assert "no calls of acme/whale, which is to be the control" in str(why.value)
    with pytest.raises(Incomparable) as why:
        made(api, now, control=SLOW)
    assert "A control shows what the hour did to two runs" in str(why.value)


def test_several_runs_a_side_make_a_claim(api: Api) -> None:
    a = [kept(api, ttft_s={FAST: each, SLOW: 1.0}) for each in (0.5, 0.55, 0.6)]
    b = [kept(api, ttft_s={FAST: each, SLOW: 1.0}) for each in (0.9, 1.0, 1.1)]
    found = compared(api, *a, against=b)
    assert found["between"] == "sides"
    assert len(found["jobs"]) == 6
    first, second = found["verdicts"]
    assert first["a"] == {"job_id": a[0], "target": FAST, "further": a[1:]}
    assert (first["pairs"], first["paired"]) == (3, False)
    ttft = first["metrics"][0]
    assert ttft["minutes"] is None
    # ln of 0.55 by 0.9967, which are the geometric means
    assert ttft["beyond"]["estimate"] == pytest.approx(-0.4495, abs=1e-3)
    assert ttft["beyond"]["p"] < 0.01
    assert second["metrics"][0]["beyond"]["estimate"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(Incomparable) as why:
        made(api, *a, against=b[:2])
    assert "3 and 2 runs are two sides" in str(why.value)
