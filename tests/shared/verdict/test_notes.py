"""What is told beside a verdict and is no fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.plan.prompts import SyntheticPrompts
from shared.plan.prompts.lengths import Fixed
from shared.sample import Note, Sample
from shared.verdict.observations import Observations
from tests.shared.verdict.runs_by_hand import (
    PLAN,
    QUIET,
    call,
    calls,
    codes,
    failed,
    judged,
)


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


def test_of_several_targets_it_is_told_whose_prompts_were_in_a_cache() -> None:
    two = PLAN.model_copy(update={"targets": (Target(model="a"), Target(model="b"))})
    rows = [
        call(slot, target=slot % 2, cached_tokens=7 * (slot % 4 == 1))
        for slot in range(600)
    ]
    note = next(n for n in judged(rows, plan=two).notes if n.code == "cached")
    # every second call of b, which has every second call
    assert note.words.endswith(
        "150 from a warm prompt cache (a 0 of 300, b 150 of 300)."
    )


def test_too_few_calls_are_told_with_how_many_are_missing() -> None:
    (note,) = judged(calls(50)).notes
    # 59 - 50 and 299 - 50.
    assert "50 successful calls are too few for p95 (9 more), p99 (249 more)" in (
        note.words
    )


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
