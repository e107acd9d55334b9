"""Each reason to doubt a run: silent on its limit, told just past it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from shared.analysis.gaps import gap_histogram
from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts, SyntheticPrompts
from shared.plan.prompts.lengths import Fixed
from shared.run import Ending, Status
from shared.sample import Note, Outcome, Sample
from shared.verdict.doubts import DOUBTS, MANY_STREAMS
from shared.verdict.judge import judge
from shared.verdict.observations import Observations, together
from shared.verdict.records import Case, Reason, Verdict
from shared.verdict.usable import unusable

PLAN = Plan(
    targets=(Target(model="acme/orca"),),
    prompts=InlinePrompts(prompts=("Why?",)),
)
QUIET = Observations(
    loop_lag_p99_s=0.020,
    cpu_share=0.90,
    kernel_stamps=1_000,
    loop_stamps=3,
    clamped_stamps=0,
    interrupted_shards=0,
    overlapping_shards=0,
    paused_targets=(),
    versions=("1.0",),
    hosts=("one", "two"),
    keys=("01ab",),
    beside=(),
)


VALID = Verdict(kind="valid", usable=("latency", "response", "ttft", "rate"))


def call(slot: int, **more: Any) -> Sample:
    """One of ten calls a second, 200 ms to the first token, 1 s in all, on time."""
    due_s = slot / 10
    known: dict[str, Any] = {
        "due_s": due_s,
        "started_s": due_s,
        "sent_s": due_s,
        "first_token_s": due_s + 0.2,
        "ended_s": due_s + 1.0,
        "tokens_from": "usage",
        "provider": "Acme",
    }
    fixed: dict[str, Any] = {"step": 0, "target": 0, "prompt": 0, "outcome": Outcome.OK}
    return Sample(slot=slot, **(fixed | known | more))


def calls(n: int, odd: int = 0, **more: Any) -> list[Sample]:
    """n calls, the first `odd` of the middle hundred of them changed."""
    rows = [call(slot) for slot in range(n)]
    for slot in range(100, 100 + odd):
        rows[slot] = call(slot, **more)
    return rows


def judged(
    rows: Iterable[Sample], seen: Observations | None = None, plan: Plan = PLAN
) -> Verdict:
    return judge(plan, summarize(plan, rows), seen).verdict


def codes(reasons: Iterable[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def test_a_quiet_run_is_valid_without_a_note() -> None:
    assert judged(calls(400), QUIET) == VALID


def test_what_nobody_observed_is_no_reason_to_doubt() -> None:
    assert judged(calls(400)) == VALID


def late(n: int) -> list[Sample]:
    rows = calls(1_000)
    for slot in range(100, 100 + n):
        rows[slot] = call(slot, started_s=slot / 10 + 0.011)
    return rows


def dropped(n: int) -> list[Sample]:
    gone = {"started_s": None, "sent_s": None, "ended_s": None, "first_token_s": None}
    return calls(1_001, n, outcome=Outcome.DROPPED, provider=None, **gone)


def slack(n: int, **slack: float) -> list[Sample]:
    """Of 1,000 calls so many with this slack."""
    return [
        call(slot, gap_doubtful_n=0, **(slack if slot < n else {}))
        for slot in range(1_000)
    ]


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


def cached(**more: Any) -> Callable[[], list[Sample]]:
    return lambda: calls(400, 1, **more)


@pytest.mark.parametrize(
    ("rows", "seen", "code"),
    [
        (cached(cache_hit=True), QUIET, "cached"),
        (cached(cached_tokens=1), QUIET, "cached"),
        (cached(tokens_from="events"), QUIET, "estimated_tokens"),
        (cached(provider="Zeta"), QUIET, "several_providers"),
        (lambda: calls(298), QUIET, "too_few"),
        (cached(), Observations(proxy="proxy.example:3128"), "proxy"),
        (cached(), Observations(clamped_stamps=1), "clamped_stamps"),
    ],
)
def test_a_note_is_no_fault(
    rows: Callable[[], list[Sample]], seen: Observations, code: str
) -> None:
    verdict = judged(rows(), seen)
    assert (verdict.kind, verdict.reasons) == ("valid", ())
    assert codes(verdict.notes) == [code]


def test_targets_that_were_held_up_were_not_interleaved() -> None:
    seen = Observations(paused_targets=("acme/orca",))
    two = (*PLAN.targets, Target(model="acme/wren"))
    rows = [replace(r, target=r.slot % 2) for r in calls(800)]
    verdict = judged(rows, seen, PLAN.model_copy(update={"targets": two}))
    assert (verdict.kind, codes(verdict.notes)) == ("valid", ["as_available"])
    assert "Limits or an outage held up acme/orca" in verdict.notes[0].words


def test_one_target_alone_is_interleaved_with_nothing() -> None:
    assert judged(calls(400), Observations(paused_targets=("acme/orca",))) == VALID


def test_a_pinned_target_may_be_served_by_who_likes() -> None:
    pinned = Target(model="acme/orca", provider="acme")
    plan = PLAN.model_copy(update={"targets": (pinned,)})
    assert judged(calls(400, 1, provider="Zeta"), plan=plan).notes == ()


def test_several_providers_are_told_with_their_spread() -> None:
    rows = [
        *(call(slot, provider="Zeta") for slot in range(200)),
        *(
            call(slot, provider="Acme", first_token_s=slot / 10 + 0.5)
            for slot in range(200, 400)
        ),
    ]
    (note,) = judged(rows).notes
    assert "Zeta 0.200 s (n=200), Acme 0.500 s (n=200)" in note.words


def test_too_few_calls_are_told_with_how_many_are_missing() -> None:
    (note,) = judged(calls(50)).notes
    # 59 - 50 and 299 - 50.
    assert "50 successful calls are too few for p95 (9 more), p99 (249 more)" in (
        note.words
    )


def test_the_worst_reason_is_the_verdict_and_all_are_told() -> None:
    seen = Observations(cpu_share=0.99, proxy="proxy.example:3128")
    verdict = judged(late(51), seen)
    assert verdict.kind == "invalid"
    assert codes(verdict.reasons) == ["late_starts", "cpu"]
    assert codes(verdict.notes) == ["proxy"]


def test_each_reason_gives_its_number_its_limit_and_a_remedy() -> None:
    (reason,) = judged(late(51)).reasons
    assert (reason.value, reason.limit) == (0.051, 0.05)
    assert "51 of 1000 calls (5.1%) started more than 10 ms after" in reason.words
    assert reason.remedy.endswith(".")


def test_a_run_without_rows_can_be_judged() -> None:
    verdict = judged([])
    assert (verdict.kind, codes(verdict.reasons)) == ("invalid", ["no_success"])
    # to raise `runs` would be no remedy
    assert verdict.notes == ()


def test_what_several_workers_saw_is_the_worst_the_sum_and_every_name() -> None:
    one = Observations(loop_lag_p99_s=0.1, kernel_stamps=2, versions=("b", "a"))
    other = Observations(loop_lag_p99_s=0.3, kernel_stamps=3, versions=("b",))
    assert together([one, other, Observations()]) == Observations(
        loop_lag_p99_s=0.3, kernel_stamps=5, versions=("a", "b")
    )


def test_what_no_worker_saw_stays_unknown() -> None:
    assert together([]) == Observations()
    assert together([Observations(clamped_stamps=0)]).clamped_stamps == 0


def synthetic(words_per_token: float) -> Plan:
    return PLAN.model_copy(
        update={
            "prompts": SyntheticPrompts(
                number=4,
                input_tokens=Fixed(value=200),
                words_per_token=words_per_token,
            )
        }
    )


def test_synthetic_prompts_say_what_the_upstream_counted() -> None:
    # 200 tokens wanted at 0.75 words each: 150 words, counted as 250: 0.6 to a token
    rows = [call(slot, prompt_tokens=250, total_tokens=260) for slot in range(600)]
    (note,) = [n for n in judged(rows, QUIET, synthetic(0.75)).notes]
    assert (note.code, note.value) == ("words_per_token", pytest.approx(0.6))
    assert "0.60" in note.remedy
    # 200 tokens at 0.6 words: 120 words, counted as 200: as wanted
    rows = [call(slot, prompt_tokens=200, total_tokens=210) for slot in range(600)]
    assert judged(rows, QUIET, synthetic(0.6)).notes == ()


@pytest.mark.parametrize("note", Note)
def test_what_rows_say_of_themselves_is_counted_in_a_note(note: Note) -> None:
    rows = calls(400)
    for slot in range(3):
        rows[slot] = call(slot, notes=f"{note} x")
    rows[3] = call(3, notes=f"x {note}")
    summary = summarize(PLAN, rows)
    assert summary.counts.notes == {note: 4, "x": 4}
    verdict = judged(rows)
    assert (verdict.kind, codes(verdict.notes)) == ("valid", [note])
    assert verdict.notes[0].words.startswith("4 rows ")
    assert verdict.notes[0].value == 4.0


TIMES = ("latency", "ttft", "ttft_visible", "tpot", "gap")
BROKEN = "Model acme/orca was not found."


def failed(n: int, of: int, error: str = BROKEN, **more: Any) -> list[Sample]:
    """Of so many calls of a closed load the first n refused."""
    refused = {
        "outcome": Outcome.REFUSED,
        "error": error,
        "first_token_s": None,
        **more,
    }
    return [
        call(slot, due_s=None, **(refused if slot < n else {})) for slot in range(of)
    ]


def test_a_run_without_a_success_is_invalid_in_the_upstream_s_words() -> None:
    (reason,) = judged(failed(60, of=60)).reasons
    assert (reason.kind, reason.code) == ("invalid", "no_success")
    assert reason.words == (
        f"None of 60 calls succeeded: 60 refused. The commonest error: {BROKEN}"
    )
    assert "the model's name" in reason.remedy
    assert reason.figures == (*TIMES, "rate")


def test_the_three_commonest_outcomes_are_named_and_the_rest_counted() -> None:
    rows = failed(6, of=12)
    for slot, outcome in enumerate(
        (Outcome.EMPTY, Outcome.EMPTY, Outcome.TRUNCATED, Outcome.NO_TEXT), start=6
    ):
        rows[slot] = call(slot, due_s=None, outcome=outcome)
    (reason,) = judged(rows).reasons
    # of two that are as common the first by name
    assert reason.words == (
        "10 of 12 calls (83.3%) failed: 6 refused, 2 empty, 1 no_text, and 1 of other"
        f" kinds. The commonest error: {BROKEN}"
        " The figures are of those that succeeded."
    )


@pytest.mark.parametrize(
    ("outcome", "remedy"),
    [
        (Outcome.CONNECT_ERROR, "OPENROUTER_BASE_URL"),
        (Outcome.NO_TEXT, "`max_tokens`"),
        (Outcome.NO_CREDIT, "credit"),
        (Outcome.RATE_LIMITED, "lower rate"),
        (Outcome.UNFINISHED, "`drain_s`"),
        (Outcome.PROTOCOL_ERROR, "`error` column"),
    ],
)
def test_the_remedy_is_of_the_commonest_failure(outcome: Outcome, remedy: str) -> None:
    (reason,) = judged(failed(9, of=9, outcome=outcome)).reasons
    assert remedy in reason.remedy


def test_a_run_whose_calls_were_all_turned_away_had_no_success() -> None:
    rows = failed(
        3, of=3, error="Slow down", outcome=Outcome.RATE_LIMITED, kind="again"
    )
    (reason,) = judged(rows).reasons
    assert reason.words == (
        "No call succeeded, and 3 were turned away. The commonest error: Slow down."
    )


def ended(ending: Ending, rows: Iterable[Sample], cause: str | None = None) -> Verdict:
    return judge(PLAN, summarize(PLAN, rows, ending=ending, cause=cause)).verdict


@pytest.mark.parametrize("ending", Ending)
def test_no_run_that_failed_has_a_valid_verdict(ending: Ending) -> None:
    verdict = ended(ending, calls(400), "So it was.")
    if ending.status is Status.FAILED:
        (reason,) = verdict.reasons
        assert (verdict.kind, reason.code) == ("suspect", "run_failed")
        assert reason.words == (
            f"The run failed ({ending}) after 400 calls. So it was."
        )
    else:
        assert verdict.kind == "valid"


def test_a_run_that_stopped_at_once_says_why_and_what_to_raise() -> None:
    verdict = ended(Ending.BUDGET, [])
    (reason,) = verdict.reasons
    assert (verdict.kind, reason.code) == ("invalid", "no_success")
    assert reason.words == "No call was made. The run's ending: budget."
    assert "max_cost_usd" in reason.remedy


def test_a_run_that_was_cut_short_says_after_how_many_calls() -> None:
    (note,) = ended(Ending.CANCELLED, calls(400)[:3]).notes[1:]
    assert (note.code, note.words) == (
        "ended_early",
        "The run was cancelled after 3 calls.",
    )
    assert codes(ended(Ending.COMPLETED, calls(400)).notes) == []


def test_a_run_cancelled_in_its_first_calls_does_not_say_that_none_was_made() -> None:
    reason, *_ = ended(Ending.CANCELLED, []).reasons
    assert reason.words == "No call had ended when the run was cancelled."


def test_a_failed_run_says_once_what_to_do() -> None:
    cause = "The upstream was down. Look whether it runs, then rerun what is missing."
    (reason,) = ended(Ending.UPSTREAM_DOWN, calls(400), cause).reasons
    assert f"{reason.words} {reason.remedy}".count("rerun") == 1


def of_two(bad: int, good: int) -> tuple[list[Sample], Plan]:
    """Calls of two targets; every one of the second failed."""
    rows = [call(slot) for slot in range(good)]
    more = [
        call(slot, target=1, outcome=Outcome.REFUSED)
        for slot in range(good, good + bad)
    ]
    two = (*PLAN.targets, Target(model="acme/typo"))
    return rows + more, PLAN.model_copy(update={"targets": two})


@pytest.mark.parametrize(("bad", "good"), [(300, 300), (10, 390)])
def test_a_target_of_which_no_call_succeeded_is_named(bad: int, good: int) -> None:
    rows, plan = of_two(bad, good)
    (reason,) = judged(rows, plan=plan).reasons
    assert (reason.kind, reason.code) == ("suspect", "many_failures")
    assert "No call of acme/typo succeeded." in reason.words


def test_several_upstreams_in_one_run_are_told_with_their_rows() -> None:
    rows = calls(400, 60, upstream="http://two.example/v1")
    rows = [replace(r, upstream=r.upstream or "http://one.example/v1") for r in rows]
    verdict = judged(rows)
    (reason,) = verdict.reasons
    assert (verdict.kind, reason.code) == ("suspect", "mixed_upstreams")
    assert "http://one.example/v1 (340 rows), http://two.example/v1 (60" in reason.words


def test_runs_that_shared_the_upstream_are_named() -> None:
    (reason,) = judged(calls(400), Observations(beside=("01A", "01B"))).reasons
    assert "01A, 01B" in reason.words
    assert "`exclusive`" in reason.remedy


def with_gaps(n: int) -> list[Sample]:
    """400 calls with five tokens in 200 ms, of the first n every gap in doubt."""
    gaps, sum_s, max_s = gap_histogram([0.2, 0.25, 0.3, 0.35, 0.4])
    fixed = {"gaps": gaps, "gap_sum_s": sum_s, "gap_max_s": max_s}
    return [
        call(slot, **fixed, gap_doubtful_n=4 if slot < n else 0) for slot in range(400)
    ]


def test_late_reads_of_gaps_leave_the_other_figures_alone() -> None:
    # 84 of 1,600 are more than 5 %
    verdict = judged(with_gaps(21))
    (reason,) = verdict.reasons
    assert (verdict.kind, reason.code) == ("suspect", "stamp_slack")
    assert reason.figures == verdict.unusable == ("gap",)
    assert verdict.usable == ("latency", "response", "ttft", "rate")
    assert "5.2% of the gaps" in reason.words
    assert (reason.value, reason.limit) == (21 / 400, 0.05)


def test_a_small_share_of_late_reads_touches_p99_and_not_the_median() -> None:
    verdict = judged(slack(20, ttft_slack_s=0.05))
    assert verdict.kind == "suspect"
    assert verdict.unusable == ("ttft.p99", "ttft_visible.p99")
    kept = ("ttft.mean", "ttft.p50", "ttft.p90", "ttft.p95")
    assert verdict.usable == ("latency", "response", *kept, "rate")


def test_late_starts_touch_what_counts_from_the_due_time() -> None:
    verdict = judged(late(20))
    assert verdict.unusable == ("response.p99",)
    verdict = judged(late(51))
    assert verdict.unusable == ("rate", "response")
    assert verdict.usable == ("latency", "ttft")


def test_percentiles_of_too_few_calls_are_not_among_what_can_be_used() -> None:
    # p50 takes 6 calls, p90 29, p95 59 and p99 299
    verdict = judged(failed(0, of=30))
    assert verdict.unusable == ()
    names = ("mean", "p50", "p90")
    assert verdict.usable == tuple(
        [f"{figure}.{name}" for figure in ("latency", "ttft") for name in names]
        + ["rate"]
    )
    (note,) = verdict.notes
    assert note.figures == ("latency.p95", "latency.p99")


def test_a_number_of_a_figure_that_is_named_whole_is_not_named_again() -> None:
    def naming(*figures: str) -> Reason:
        return Reason(kind="suspect", code="x", words="", remedy="", figures=figures)

    assert unusable([naming("ttft.p99", "gap"), naming("ttft")]) == ("gap", "ttft")
    assert unusable([]) == ()


def test_a_reason_more_is_one_function_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(case: Case) -> Reason | None:
        most_s = case.summary.latency.max
        if most_s is None or most_s < 1.0:
            return None
        return Reason(
            kind="suspect",
            code="slow",
            words=f"A call took {most_s:g} s.",
            remedy="Ask for less.",
            figures=("latency.p99",),
        )

    monkeypatch.setattr(
        import_module("shared.verdict.judge"), "DOUBTS", (*DOUBTS, slow)
    )
    verdict = judged(calls(400))
    assert (verdict.kind, codes(verdict.reasons)) == ("suspect", ["slow"])
    assert verdict.unusable == ("latency.p99",)
    assert "latency.p99" not in verdict.usable
    assert "latency.p95" in verdict.usable
