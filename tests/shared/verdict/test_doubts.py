"""Each reason to doubt a run: silent on its limit, told just past it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.plan import Plan, Target
from shared.sample import Outcome, Sample
from shared.verdict.doubts import MANY_STREAMS
from shared.verdict.observations import Observations
from tests.shared.verdict.runs_by_hand import (
    PLAN,
    VALID,
    call,
    calls,
    codes,
    judged,
    late,
    slack,
)


def dropped(n: int) -> list[Sample]:
    gone = {"started_s": None, "sent_s": None, "ended_s": None, "first_token_s": None}
    return calls(1_001, n, outcome=Outcome.DROPPED, provider=None, **gone)


def unsent(n: int) -> list[Sample]:
    """A closed load, `n` of whose calls found no descriptor."""
    rows = [call(slot, due_s=None) for slot in range(1_000)]
    unknown = dict.fromkeys(
        ("due_s", "started_s", "sent_s", "first_token_s", "ended_s")
    )
    for slot in range(n):
        rows[slot] = call(slot, outcome=Outcome.DROPPED, **unknown)
    return rows


def failing(n: int) -> list[Sample]:
    rows = calls(1_000)
    for slot in range(n):
        rows[slot] = call(slot, outcome=Outcome.UPSTREAM_ERROR)
    return rows


STRICT = PLAN.model_copy(update={"max_error_share": 0.1})

LENIENT = PLAN.model_copy(update={"max_error_share": 0.8})


@pytest.mark.parametrize(
    ("rows", "plan", "kind", "code"),
    [
        # 1,000 intervals were asked: 980 are 98 %, 979 are not.
        (dropped(20), PLAN, "valid", None),
        (dropped(21), PLAN, "invalid", "rate_missed"),
        (unsent(0), PLAN, "valid", None),
        (unsent(1), PLAN, "invalid", "not_sent"),
        # Of 1,000 starts 10 are 1 % and 50 are 5 %.
        (late(10), PLAN, "valid", None),
        (late(11), PLAN, "suspect", "late_starts"),
        (late(50), PLAN, "suspect", "late_starts"),
        (late(51), PLAN, "invalid", "late_starts"),
        # 5 % of 200 ms are 10 ms, 5 % of 1 s are 50; of 1,000 calls 10 are 1 %.
        (slack(1_000, ttft_slack_s=0.0099), PLAN, "valid", None),
        (slack(10, ttft_slack_s=0.0101), PLAN, "valid", None),
        (slack(11, ttft_slack_s=0.0101), PLAN, "suspect", "stamp_slack"),
        (slack(50, ttft_slack_s=0.0101), PLAN, "suspect", "stamp_slack"),
        (slack(51, ttft_slack_s=0.0101), PLAN, "invalid", "stamp_slack"),
        (slack(1_000, end_slack_s=0.0499), PLAN, "valid", None),
        (slack(51, end_slack_s=0.0501), PLAN, "invalid", "stamp_slack"),
        (failing(100), STRICT, "valid", None),
        (failing(101), STRICT, "invalid", "too_many_errors"),
        # 5 % of 1,000 calls are 50, and half of them 500.
        (failing(50), PLAN, "valid", None),
        (failing(51), PLAN, "suspect", "many_failures"),
        (failing(500), PLAN, "suspect", "many_failures"),
        (failing(501), PLAN, "invalid", "many_failures"),
        (failing(501), LENIENT, "invalid", "many_failures"),
        (failing(500), LENIENT, "valid", None),
        (failing(1_000), PLAN, "invalid", "no_success"),
    ],
)
def test_rows_speak_against_a_run_from_the_limit_on(
    rows: list[Sample], plan: Plan, kind: str, code: str | None
) -> None:
    verdict = judged(rows, plan=plan)
    assert verdict.kind == kind
    assert codes(verdict.reasons) == ([code] if code else [])


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({"loop_lag_p99_s": 0.0201}, "loop_lag"),
        ({"cpu_share": 0.901}, "cpu"),
        ({"interrupted_shards": 1}, "interrupted"),
        ({"overlapping_shards": 1}, "overlap"),
        ({"versions": ("1.0", "1.1")}, "mixed_versions"),
        ({"keys": ("01ab", "ff00")}, "mixed_keys"),
        ({"beside": ("OTHER",)}, "shared_upstream"),
    ],
)
def test_observations_make_a_run_suspect(seen: dict[str, Any], code: str) -> None:
    verdict = judged(calls(400), Observations(**seen))
    assert verdict.kind == "suspect"
    assert codes(verdict.reasons) == [code]


def streams(n: int) -> list[Sample]:
    """n calls that are all open at once."""
    return [call(slot, sent_s=0.0, ended_s=100.0) for slot in range(n)]


@pytest.mark.parametrize(
    ("n", "kernel", "kind"),
    [
        (MANY_STREAMS + 1, 0, "suspect"),
        (MANY_STREAMS + 1, None, "suspect"),
        (MANY_STREAMS + 1, 5, "valid"),
        (MANY_STREAMS, 0, "valid"),
    ],
)
def test_loop_stamps_alone_are_suspect_with_many_streams(
    n: int, kernel: int | None, kind: str
) -> None:
    seen = Observations(loop_stamps=1_000, kernel_stamps=kernel)
    assert judged(streams(n), seen).kind == kind


def test_targets_that_were_held_up_were_not_interleaved() -> None:
    seen = Observations(paused_targets=("acme/orca",))
    two = (*PLAN.targets, Target(model="acme/wren"))
    rows = [replace(r, target=r.slot % 2) for r in calls(800)]
    verdict = judged(rows, seen, PLAN.model_copy(update={"targets": two}))
    assert (verdict.kind, codes(verdict.notes)) == ("valid", ["as_available"])
    assert "Limits or an outage held up acme/orca" in verdict.notes[0].words


def test_one_target_alone_is_interleaved_with_nothing() -> None:
    assert judged(calls(400), Observations(paused_targets=("acme/orca",))) == VALID
