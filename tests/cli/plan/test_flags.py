"""Flags become fields of the plan, and win over the file."""

from typing import Any

import pytest

from cli.plan.flags import Flags, merged
from shared.errors import BadPlan


def asked(record: dict[str, Any] | None = None, **flags: Any) -> dict[str, Any]:
    """What flags make of a record."""
    return merged(record or {}, Flags(**flags))[0]


@pytest.mark.parametrize(
    ("flags", "record"),
    [
        ({"runs": 3}, {"runs": 3}),
        ({"stream": False}, {"stream": False}),
        ({"retries": 2}, {"retries": {"max": 2}}),
        ({"retries": 0}, {"retries": None}),
        ({"tag": ["a", "b"]}, {"tags": ["a", "b"]}),
        (
            {"check": ["contains=Paris, or so", "max_words=3"]},
            {"checks": [{"contains": "Paris, or so"}, {"max_words": 3}]},
        ),
        ({"slo": "ttft=1,latency=10"}, {"slo": {"ttft_s": 1, "latency_s": 10}}),
        (
            {"model": ["a/x", "a/y@p"], "providers": "3"},
            {
                "targets": [
                    {"model": "a/x", "providers": 3},
                    {"model": "a/y", "provider": "p"},
                ]
            },
        ),
        (
            {"model": ["a/x"], "providers": "all"},
            {"targets": [{"model": "a/x", "providers": "all"}]},
        ),
        (
            {"until_decided": "ttft, cost", "margin": "5%"},
            {"until": {"decided": ["ttft", "cost"], "margin": "5%"}},
        ),
        (
            {"until_decided": "ttft", "margin": "0.1"},
            {"until": {"decided": ["ttft"], "margin": 0.1}},
        ),
        ({"concurrency": "4"}, {"load": {"concurrency": 4}}),
        ({"rate": "2.5"}, {"load": {"kind": "poisson", "rate_per_s": 2.5}}),
        (
            {"load": "constant", "rate": "2", "duration": 9.0},
            {"load": {"kind": "constant", "rate_per_s": 2, "duration_s": 9.0}},
        ),
        (
            {"rate": "1..20", "duration": 60.0},
            {
                "load": {
                    "kind": "ramp",
                    "over": "rate",
                    "start": 1,
                    "end": 20,
                    "duration_s": 60.0,
                }
            },
        ),
        (
            {"load": "burst,size=50,interval_s=5"},
            {"load": {"kind": "burst", "size": 50, "interval_s": 5}},
        ),
        ({"sweep": "1,2"}, {"sweep": {"over": "concurrency", "values": [1, 2]}}),
        (
            {"sweep": "1,2", "rate": "1"},
            {
                "load": {"kind": "poisson", "rate_per_s": 1},
                "sweep": {"over": "rate", "values": [1, 2]},
            },
        ),
        ({"find": True}, {"find": {"over": "concurrency", "low": 1, "high": 256}}),
        (
            {"find": True, "rate": "0.5..32"},
            {
                "load": {"kind": "poisson", "rate_per_s": 0.5},
                "find": {"over": "rate", "low": 0.5, "high": 32},
            },
        ),
    ],
)
def test_each_flag_is_a_field(flags: dict[str, Any], record: dict[str, Any]) -> None:
    assert asked(**flags) == record


def test_a_model_is_a_target_and_a_provider_its_pin() -> None:
    models = ["a/b", "c/d@fast", "@cf/meta/llama"]
    assert asked(model=models, provider="slow")["targets"] == [
        {"provider": "slow", "model": "a/b"},
        {"provider": "fast", "model": "c/d"},
        {"provider": "slow", "model": "@cf/meta/llama"},
    ]


def test_a_provider_pins_the_targets_of_the_file() -> None:
    file = {"targets": [{"model": "a/b"}]}
    pinned = [{"provider": "p", "model": "a/b"}]
    assert asked(file, provider="p")["targets"] == pinned


def test_flags_win_over_the_file_and_leave_the_rest() -> None:
    file = {
        "runs": 9,
        "load": {"kind": "constant", "rate_per_s": 1, "count": 30},
        "slo": {"ttft_s": 1, "tpot_s": 2},
        "find": {"over": "rate", "low": 1, "high": 2},
    }
    assert asked(file, runs=1, rate="5", slo="ttft=3", sweep="1,2") == {
        "runs": 1,
        "load": {"kind": "constant", "rate_per_s": 5, "count": 30},
        "slo": {"ttft_s": 3, "tpot_s": 2},
        "sweep": {"over": "rate", "values": [1, 2]},
    }


def test_another_kind_of_load_keeps_what_every_load_has() -> None:
    file = {"load": {"kind": "constant", "rate_per_s": 1, "warmup": 3}}
    assert asked(file, concurrency="2")["load"] == {
        "kind": "concurrency",
        "warmup": 3,
        "concurrency": 2,
    }


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"load": "poison"}, "--load: 'poison' is not known. Did you mean poisson?"),
        ({"load": "burst,50"}, "--load '50': write NAME=VALUE,NAME=VALUE"),
        ({"slo": "tfft=1"}, "--slo: 'tfft' is not known. Did you mean ttft?"),
        ({"slo": "ttft"}, "--slo 'ttft': write NAME=VALUE"),
        ({"sweep": "1,many"}, "--sweep: 'many' is no number."),
        ({"concurrency": "all"}, "--concurrency: 'all' is no number."),
        ({"find": True, "rate": "2"}, "--find over a rate needs its range"),
    ],
)
def test_a_flag_that_cannot_be_read_names_itself(
    flags: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadPlan) as caught:
        asked(**flags)
    assert str(caught.value).startswith(said)


def test_it_is_known_which_flag_set_what() -> None:
    came = merged({}, Flags(runs=1, rate="1..2", stream=False, model=["a/b"]))[1]
    assert came == {
        "runs": "--runs",
        "stream": "--no-stream",
        "targets": "--model",
        "load": "--rate",
    }


def test_checks_of_flags_come_after_those_of_the_plan() -> None:
    found = asked({"checks": [{"number": 1}]}, check=["regex=a=b"])
    assert found == {"checks": [{"number": 1}, {"regex": "a=b"}]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Paris", "write KIND=VALUE"),
        ("contains=", "write KIND=VALUE"),
        ("city=Paris", "there is no check `city`"),
        ("max_words=few", "its value is written as JSON, like 50"),
    ],
)
def test_what_is_no_check_is_refused_with_the_flag(text: str, sentence: str) -> None:
    with pytest.raises(BadPlan) as refused:
        asked(check=[text])
    assert str(refused.value).startswith(f"--check {text!r}: ")
    assert sentence in str(refused.value)
