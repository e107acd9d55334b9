"""How much a plan asks, and what is refused before it is queued."""

import tracemalloc
from typing import Any

import pytest

from shared.errors import TooMuch
from shared.plan import Plan, check_size
from shared.settings.settings import Settings

LIMITS = Settings()
SWEEP = {"over": "concurrency", "values": [1, 4, 2]}
FIND = {"over": "concurrency", "low": 1, "high": 8}


def make(**fields: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "a/x"}, {"model": "a/y", "provider": "p"}],
            "prompts": {"prompts": ["one", "two", "three"]},
        }
        | fields
    )


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        (
            {"targets": [{"model": f"m{n}"} for n in range(33)]},
            "targets",
            "33 targets are more than the 32 allowed. Send fewer, or raise MAX_TARG",
        ),
        (
            {"prompts": {"kind": "synthetic", "number": 100_001}},
            "prompts",
            "100001 prompts are more than the 100000 allowed",
        ),
        (
            {"runs": 10**9},
            "runs",
            "3 prompts x 1000000000 runs x 2 targets make 6000000000 calls; at most"
            " 1000000 are allowed. Lower `runs` or send fewer prompts, or raise MAX_CA",
        ),
        ({"load": {"count": 10**6, "warmup": 1}}, "load.count", "1 of warm-up make"),
        (
            {"load": {"count": 400_000}, "sweep": SWEEP},
            "load.count",
            "400000 slots, at 3 values of the sweep, make 1200000 calls",
        ),
        (
            {"runs": 10_000, "slo": {"ttft_s": 1}, "find": FIND},
            "runs",
            "in up to 20 steps of the search, make 1200000 calls",
        ),
        (
            {"load": {"kind": "constant", "rate_per_s": 2000, "duration_s": 600}},
            "load.duration_s",
            "The rate for 600 s make 1200000 calls",
        ),
        (
            {
                "load": {"kind": "constant", "rate_per_s": 1, "duration_s": 6000},
                "sweep": {"over": "rate", "values": [1, 200]},
            },
            "load.duration_s",
            "make 1206000 calls",
        ),
        (
            {
                "load": {"kind": "constant", "rate_per_s": 1, "duration_s": 600},
                "slo": {"ttft_s": 1},
                "find": {"over": "rate", "low": 1, "high": 100},
            },
            "load.duration_s",
            "make 1200000 calls",
        ),
        ({"load": {"concurrency": 4097}}, "load", "4097 calls open at once"),
        (
            {"sweep": {"over": "concurrency", "values": [1, 5000]}},
            "sweep.values",
            "5000 calls open at once are more than the 4096 allowed",
        ),
        (
            {"slo": {"ttft_s": 1}, "find": FIND | {"high": 5000}},
            "find.high",
            "Lower `find.high`, or raise MAX_CONCURRENCY",
        ),
        (
            {"load": {"kind": "poisson", "rate_per_s": 1, "max_in_flight": 5000}},
            "load",
            "5000 calls open at once",
        ),
        (
            {"prompts": {"prompts": ["a", "ж" * 600_000]}},
            "prompts",
            "Prompt 1 has 1200000 bytes; at most 1048576 are allowed. Shorten it",
        ),
    ],
)
def test_what_is_over_a_cap_is_refused(
    fields: dict[str, object], field: str, sentence: str
) -> None:
    with pytest.raises(TooMuch) as refused:
        check_size(make(**fields), LIMITS)
    assert refused.value.field == field
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"load": {"count": 10**6}},
        {"load": {"concurrency": 4096}},
        {"load": {"kind": "poisson", "rate_per_s": 10}},
        {"load": {"duration_s": 86_400}},
        {"load": {"kind": "burst", "size": 3000}},
        {"prompts": {"prompts": ["ж" * 524_288]}},
        {
            "load": {"kind": "constant", "rate_per_s": 2000, "duration_s": 600}
            | {"count": 1000}
        },
    ],
)
def test_what_is_at_or_below_the_caps_is_allowed(fields: dict[str, object]) -> None:
    check_size(make(**fields), LIMITS)


def test_a_billion_times_a_billion_is_refused_without_counting() -> None:
    wide = Settings(max_prompts=10**10, max_calls=10**10)
    tracemalloc.start()
    plan = make(runs=10**9, prompts={"kind": "synthetic", "number": 10**9})
    with pytest.raises(TooMuch, match=f"make {2 * 10**18} calls"):
        check_size(plan, wide)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_made_up_texts_are_bounded_in_all() -> None:
    def made(number: int) -> Plan:
        tokens = {"kind": "fixed", "value": 1000}  # 750 words of 5.4 letters or so
        prompts = {"kind": "synthetic", "number": number, "input_tokens": tokens}
        return Plan.model_validate({"targets": [{"model": "a"}], "prompts": prompts})

    limits = Settings(max_upload_bytes=100_000)
    true = sum(
        prompt.size_bytes() for prompt in map(made(50).prompts.prompt, range(50))
    )
    assert made(50).prompts.made_bytes() == pytest.approx(true, rel=0.01)
    check_size(made(90), limits)
    with pytest.raises(TooMuch, match="at most 400000 are allowed") as refused:
        check_size(made(110), limits)
    assert refused.value.field == "prompts"
