"""Figures while a benchmark runs, out of rows made by hand."""

from dataclasses import replace
from typing import Any

from api.parts.live import calls_per_s, live
from api.parts.newest import Seen, seen
from shared.plan import Finished
from shared.run import Run, Status
from shared.sample import Outcome, Sample

PLAN: dict[str, Any] = {
    "load": {"kind": "concurrency", "concurrency": 4, "warmup": 0},
    "sweep": None,
    "find": None,
}
RUN = Run(
    job_id="J",
    status=Status.RUNNING,
    submitter="",
    targets=("a/b", "c/d"),
    created_at=1000.0,
    started_at=1000.0,
    closed=3,
    failed=1,
    total=43,
)


def row(**more: Any) -> Seen:
    """A call of the first target: begun at 1000 s, its first token after 0.1 s, over
    after 1 s."""
    times = {"started_at": 1000.0, "started_s": 5.0, "sent_s": 5.0}
    tokens = {"first_token_s": 5.1, "ended_s": 6.0, "kind": "ok"}
    made: dict[str, Any] = {"step": 0, "slot": 0, "target": 0, "prompt": 0}
    given = made | {"outcome": Outcome.OK} | times | tokens | more
    return seen(Sample(**given))


def failed(**more: Any) -> Seen:
    words = {"outcome": Outcome.RATE_LIMITED, "kind": "failed", "first_token_s": None}
    return row(**(words | more))


def test_a_row_keeps_what_is_shown() -> None:
    kept = row()
    assert (kept.started_at, kept.ended_at) == (1000.0, 1001.0)
    assert kept.ttft_s is not None
    assert round(kept.ttft_s, 6) == 0.1
    assert kept.latency_s == 1.0
    unsent = row(sent_s=None, ended_s=None, first_token_s=None)
    assert (unsent.ttft_s, unsent.latency_s, unsent.ended_at) == (None, None, None)


def test_each_target_has_its_calls_and_medians() -> None:
    rows = [row(ended_s=ended_s) for ended_s in (6.0, 7.0, 9.0)]
    shown = live(RUN, PLAN, (), [*rows, failed(error="Slow down.")], 4, 1004.0)
    assert shown is not None
    first, second = shown.targets
    assert (first.target, first.ok, first.failed) == ("a/b", 3, 1)
    assert first.latency_p50_s == 2.0
    assert (second.target, second.ok, second.ttft_p50_s) == ("c/d", 0, None)


def test_failures_are_by_kind_with_the_last_sentence_and_retries_count() -> None:
    rows = [
        failed(error="Once."),
        failed(error="Twice.", kind="retry"),
        failed(error=None),
        failed(outcome=Outcome.TRUNCATED, error="It broke off."),
    ]
    shown = live(RUN, PLAN, (), rows, 0, 1004.0)
    assert shown is not None
    assert [(one.outcome, one.calls, one.error) for one in shown.failures] == [
        ("rate_limited", 3, "Twice."),
        ("truncated", 1, "It broke off."),
    ]
    assert shown.targets[0].failed == 3  # the retry closed nothing


def test_the_rate_is_of_what_has_ended_so_far_and_the_rest_follows_from_it() -> None:
    rows = [row(ended_s=6.0 + index) for index in range(4)]
    shown = live(RUN, PLAN, (), rows, 9, 1008.0)
    assert shown is not None
    assert shown.calls_per_s == 0.5  # 4 in 8 s
    assert shown.open_calls == 4  # of 9 in hand, 4 lanes
    assert shown.eta_s == 80.0  # 40 left


def test_the_rate_is_that_of_the_last_ten_seconds_and_of_this_stretch() -> None:
    old = [row(ended_s=6.0 + index / 10) for index in range(100)]  # 10 a second
    recent = [row(ended_s=105.0 + index) for index in range(30)]  # then 1 a second
    assert calls_per_s(old, 1011.0) == 9.9  # the one at 1001 exactly is before it
    assert calls_per_s([*old, *recent], 1129.0) == 1.0  # of as long as 20 took
    assert calls_per_s([*old, *recent], 1159.0) == 0.4
    resumed = [row(segment=1, started_at=1200.0) for _ in range(5)]
    assert calls_per_s([*old, *recent, *resumed], 1205.0) == 1.0


def test_an_open_load_has_as_many_open_as_rate_times_latency() -> None:
    plan = PLAN | {"load": {"kind": "poisson", "rate_per_s": 1, "duration_s": 60}}
    rows = [row(ended_s=9.0) for _ in range(4)]  # 4 s each
    run = replace(RUN, total=None)
    shown = live(run, plan, (), rows, 50, 1008.0)
    assert shown is not None
    assert (shown.calls_per_s, shown.open_calls) == (0.5, 2)
    assert shown.eta_s == 52.0  # by its time


def test_steps_of_a_sweep_have_their_names_and_a_warm_up_is_no_target_s() -> None:
    plan = PLAN | {
        "load": {"kind": "concurrency", "concurrency": 1, "warmup": 2},
        "sweep": {"over": "concurrency", "values": [1, 8]},
    }
    rows = [row(step=0), row(step=1), row(step=2), failed(step=3)]
    shown = live(replace(RUN, step=3), plan, (), rows, 9, 1004.0)
    assert shown is not None
    assert [(step.name, step.warmup, step.ok, step.failed) for step in shown.steps] == [
        ("warm-up, concurrency 1", True, 1, 0),
        ("concurrency 1", False, 1, 0),
        ("warm-up, concurrency 8", True, 1, 0),
        ("concurrency 8", False, 0, 1),
    ]
    assert (shown.targets[0].ok, shown.targets[0].failed) == (1, 1)
    assert shown.open_calls == 8


def test_steps_of_a_search_are_named_by_what_was_tried() -> None:
    find = {"over": "rate", "low": 1, "high": 8, "resolution": 0.5}
    plan = PLAN | {"load": {"kind": "poisson", "rate_per_s": 1}, "find": find}
    finished = (Finished(0, 1.0), Finished(1, 0.2))  # 1 passed, 2 did not
    rows = [row(step=step) for step in (0, 1, 2)]
    shown = live(replace(RUN, total=None, step=2), plan, finished, rows, 1, 1004.0)
    assert shown is not None
    assert [step.name for step in shown.steps] == ["rate 1", "rate 2", "rate 1.5"]
    assert shown.eta_s is None


def test_who_waits_has_no_rate_and_without_rows_there_is_nothing() -> None:
    shown = live(replace(RUN, status=Status.WAITING), PLAN, (), [row()], 3, 1004.0)
    assert shown is not None
    assert (shown.calls_per_s, shown.open_calls, shown.eta_s) == (None, None, None)
    assert live(RUN, PLAN, (), [], 3, 1004.0) is None


def test_steps_to_looks_are_named_by_them_and_the_first_alone_has_a_warm_up() -> None:
    load = {"kind": "concurrency", "concurrency": 8, "warmup": 2}
    plan = PLAN | {"load": load, "until": {"decided": ["ttft"]}}
    rows = [row(step=step) for step in (0, 1, 2)]
    shown = live(replace(RUN, step=2), plan, (), rows, 9, 1004.0)
    assert shown is not None
    assert [(step.name, step.warmup) for step in shown.steps] == [
        ("warm-up", True),
        ("look 1", False),
        ("look 2", False),
    ]
    assert shown.targets[0].ok == 2
