"""The plain dialect: what is asked, and what is understood."""

import pytest
from pydantic_core import from_json

from shared.answer.dialects import DIALECTS, openai
from shared.answer.reply import Ask
from shared.errors import BadPlan
from shared.plan import Routing
from shared.plan.prompts import Message
from shared.settings.settings import Settings

MESSAGES = (Message(role="user", content="Capital of Portugal?"),)


def ask(**more: object) -> Ask:
    plain = {"model": "m", "messages": MESSAGES, "max_tokens": 9, "stream": True}
    return Ask(**(plain | more))  # type: ignore[arg-type]


def test_usage_is_asked_for_in_a_stream_and_there_only() -> None:
    assert from_json(openai.build(ask())) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Capital of Portugal?"}],
        "max_tokens": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert "stream_options" not in from_json(openai.build(ask(stream=False)))


def test_a_provider_cannot_be_pinned() -> None:
    with pytest.raises(BadPlan, match="'deepinfra' cannot be pinned"):
        openai.build(ask(provider="deepinfra"))
    with pytest.raises(BadPlan, match="'deepinfra' cannot be pinned"):
        openai.check("deepinfra")
    with pytest.raises(BadPlan, match="is for OpenRouter's router"):
        openai.check(None, Routing(sort="price"))
    openai.check(None)


def test_without_a_key_no_authorization_is_sent() -> None:
    settings = Settings(_env_file=None)
    assert openai.headers(None, settings) == {"Content-Type": "application/json"}
    assert openai.headers("secret", settings)["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_by_either_name(field: str) -> None:
    chunk = openai.read({"choices": [{"delta": {field: "Hmm", "content": None}}]})
    assert (chunk.reasoning, chunk.text) == ("Hmm", "")


def test_cost_and_provider_are_believed_of_whoever_says_them() -> None:
    chunk = openai.read({"provider": "x", "usage": {"cost": 0.1, "total_tokens": 20}})
    assert (chunk.provider, chunk.cost_usd, chunk.total_tokens) == ("x", 0.1, 20)
    chunk = openai.read({"provider": {"x": 1}, "usage": {"total_tokens": 20}})
    assert (chunk.provider, chunk.cost_usd, chunk.total_tokens) == (None, None, 20)


def test_both_dialects_are_listed() -> None:
    assert set(DIALECTS) == {"openai", "openrouter"}
