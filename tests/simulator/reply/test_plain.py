"""What a call gets in the dialect of a plain OpenAI-compatible server."""

import httpx
import pytest

from simulator.reply.words import count_tokens
from tests.simulator.simulator_client import PLAIN, ask, events, text


def test_the_plain_dialect_knows_no_cost_and_no_provider(sim: httpx.Client) -> None:
    reply = sim.post(PLAIN, json=ask(), headers={"authorization": ""})
    body = reply.json()
    assert body["id"].startswith("chatcmpl-")
    assert set(body["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert "provider" not in body
    assert "native_finish_reason" not in body["choices"][0]
    assert "x-generation-id" not in reply.headers


@pytest.mark.parametrize(
    ("options", "usages"), [({}, 0), ({"stream_options": {"include_usage": True}}, 1)]
)
def test_a_plain_stream_tells_its_usage_when_asked(
    sim: httpx.Client, options: dict[str, object], usages: int
) -> None:
    body = sim.post(PLAIN, json=ask(stream=True) | options).content
    told = events(body)
    assert sum("usage" in event for event in told) == usages
    assert told[0]["choices"][0]["delta"] == {"content": "", "role": "assistant"}
    assert (told[-1]["choices"] == []) == bool(usages)
    assert count_tokens(text(body)) == 12
    assert b": OPENROUTER" not in body


def test_plain_errors_have_their_own_shape(sim: httpx.Client) -> None:
    error = sim.post(PLAIN, json=ask("no/such")).json()["error"]
    assert error["message"] == "no/such is not a valid model ID"
    assert error["type"] == "invalid_request_error"
