"""One call to each target before a run: what it asks, says, and lets pass."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cli.client import Api, Away, Refused
from cli.preflight import Looked, line, preflight, question
from shared.plan import Plan

PLAN = Plan.model_validate(
    {
        "targets": [{"model": "a/b"}, {"model": "c/d", "provider": "p"}],
        "prompts": {
            "prompts": [
                {
                    "max_tokens": 9,
                    "messages": [
                        {"role": "user", "content": "Name a colour."},
                        {"role": "assistant", "content": "Blue."},
                        {"role": "user", "content": "Another."},
                    ],
                },
                "Why?",
            ]
        },
        "system_prompt": "Be brief.",
        "temperature": 0,
    }
)


class Played(Api):
    """An API that answers each model with what is played for it."""

    def __init__(self, *played: dict[str, Any] | Refused) -> None:
        super().__init__("http://127.0.0.1:1")
        self.played = [*played]

    async def generate(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        said = self.played.pop(0)
        if isinstance(said, Refused):
            raise said
        yield "text"
        yield said


ANSWER = {"latency_seconds": 0.3121, "ttft_seconds": 0.212, "cost_usd": 0.000004}


def test_it_asks_as_the_run_does() -> None:
    assert question(PLAN, PLAN.targets[1]) == {
        "model": "c/d",
        "provider": "p",
        "prompt": "Another.",
        "system_prompt": "Be brief.",
        "max_tokens": 9,
        "temperature": 0,
        "stream": True,
    }


async def test_a_named_upstream_is_asked_by_its_name_and_ends_it_under_that() -> None:
    near = {"model": "a/b", "upstream": "near", "routing": {"sort": "price"}}
    plan = Plan.model_validate(
        {**PLAN.model_dump(), "targets": [{"model": "a/b"}, near]}
    )
    first, second = (question(plan, target) for target in plan.targets)
    assert "upstream" not in first
    assert (second["upstream"], second["routing"]) == ("near", {"sort": "price"})
    said: list[str] = []
    wrong = Refused("Set NEAR_KEY.", "missing-key", 503)
    with pytest.raises(Refused, match="Nothing was begun"):
        await preflight(Played(ANSWER, wrong), plan, said.append)
    assert said[1] == "Preflight near::a/b: Set NEAR_KEY."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ANSWER, "a/b: TTFT 212.0 ms, latency 312.1 ms, USD 0.000004"),
        (
            {
                **ANSWER,
                "ttft_seconds": None,
                "cost_usd": None,
                "provider": "Har\x1bbor",
            },
            "a/b: latency 312.1 ms, price unknown, by Har?bor",
        ),
        (
            {**ANSWER, "cost_usd": 0},
            "a/b: TTFT 212.0 ms, latency 312.1 ms, USD 0.000000",
        ),
    ],
)
def test_what_is_unknown_is_not_zero(answer: dict[str, Any], said: str) -> None:
    assert line(Looked("a/b", answer, None)) == said


async def test_a_limit_or_a_broken_answer_is_said_and_lets_the_run_begin() -> None:
    said: list[str] = []
    limited = Refused("Wait.", "upstream-rate-limited", 429)
    await preflight(Played(limited, ANSWER), PLAN, said.append)
    assert said[0] == "Preflight a/b: Wait."
    assert said[1].startswith("Preflight c/d@p: TTFT 212.0 ms")


async def test_quiet_says_only_what_ends_it() -> None:
    said: list[str] = []
    limited = Refused("Wait.", "upstream-rate-limited", 429)
    await preflight(Played(limited, ANSWER), PLAN, said.append, quiet=True)
    assert said == []
    wrong = Refused("No such key.", "upstream-bad-key", 502)
    with pytest.raises(Refused):
        await preflight(Played(ANSWER, wrong), PLAN, said.append, quiet=True)
    assert said == ["Preflight c/d@p: No such key."]


async def test_a_key_that_is_refused_ends_it_after_all_were_asked() -> None:
    said: list[str] = []
    wrong = Refused("No such key.", "upstream-bad-key", 502)
    with pytest.raises(Refused, match="Nothing was begun") as caught:
        await preflight(Played(ANSWER, wrong), PLAN, said.append)
    assert caught.value.kind == "upstream-bad-key"
    assert [each.split(":")[0] for each in said] == ["Preflight a/b", "Preflight c/d@p"]


async def test_an_api_that_is_away_is_no_target_s_fault() -> None:
    with pytest.raises(Away, match="no API"):
        await preflight(Played(Away("no API"), ANSWER), PLAN, lambda _: None)
