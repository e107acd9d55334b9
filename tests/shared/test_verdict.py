"""Each reason to doubt a run: silent on its limit, told just past it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from shared.observations import Observations, together
from shared.plan import Plan, Target
from shared.prompts import InlinePrompts, SyntheticPrompts
from shared.prompts.lengths import Fixed
from shared.reasons import MANY_STREAMS
from shared.sample import Note, Outcome, Sample
from shared.summary import summarize
from shared.verdict import Reason, Verdict

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
)


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
    verdict = summarize(plan, rows, observations=seen).verdict
    assert verdict is not None
    return verdict


def codes(reasons: Iterable[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def test_a_quiet_run_is_valid_without_a_note() -> None:
    assert judged(calls(400), QUIET) == Verdict(kind="valid")


def test_what_nobody_observed_is_no_reason_to_doubt() -> None:
    assert judged(calls(400)) == Verdict(kind="valid")


def late(n: int) -> list[Sample]:
    rows = calls(1_000)
    for slot in range(100, 100 + n):
        rows[slot] = call(slot, started_s=slot / 10 + 0.011)
    return rows


def dropped(n: int) -> list[Sample]:
    gone = {"started_s": None, "sent_s": None, "ended_s": None, "first_token_s": None}
    return calls(1_001, n, outcome=Outcome.DROPPED, provider=None, **gone)


def slack(seconds: float) -> list[Sample]:
    return [call(slot, stamp_slack_s=seconds) for slot in range(400)]


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
    return calls(1_000, n, outcome=Outcome.UPSTREAM_ERROR)


STRICT = PLAN.model_copy(update={"max_error_share": 0.1})


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
        # 5 % of 200 ms are 10 ms.
        (slack(0.0099), PLAN, "valid", None),
        (slack(0.0101), PLAN, "invalid", "stamp_slack"),
        (failing(100), STRICT, "valid", None),
        (failing(101), STRICT, "invalid", "too_many_errors"),
        (failing(500), PLAN, "valid", None),
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
        (cached(), Observations(paused_targets=("acme/orca",)), "as_available"),
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
    assert judged([]).kind == "valid"
    assert codes(judged([]).notes) == ["too_few"]


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
