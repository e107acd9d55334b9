"""What is read of a request before it is answered."""

import httpx
import pytest

from tests.simulator.simulator_client import OPENROUTER, ask, last_record


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_a_cap_cuts_the_reply_and_says_length(sim: httpx.Client, key: str) -> None:
    reply = sim.post(OPENROUTER, json=ask() | {key: 5}).json()
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Input must have at least 1 token."),
        (
            b'{"model":"acme/swift-8b"}',
            'Input required: specify "prompt" or "messages"',
        ),
        (
            b'{"model":"a/\\"b","messages":[{"role":"user","content":"x"}]}',
            'a/"b is not a valid model ID',
        ),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    sim: httpx.Client, body: bytes, message: str
) -> None:
    reply = sim.post(OPENROUTER, content=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["message"]) == (400, 400, message)
    assert last_record(sim)["outcome"] == "refused"


def test_half_a_surrogate_pair_in_a_prompt_is_no_trouble(sim: httpx.Client) -> None:
    body = (
        b'{"model":"acme/swift-8b","messages":[{"role":"user","content":"a \\ud800"}]}'
    )
    assert sim.post(OPENROUTER, content=body).status_code == 200


def test_a_prompt_longer_than_the_context_is_refused(sim: httpx.Client) -> None:
    request = ask("acme/orca-content-safety:free", "word " * 9_000)
    error = sim.post(OPENROUTER, json=request).json()["error"]
    assert "maximum context length is 8192 tokens" in error["message"]


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("sk-bad", 401), ("sk-poor", 402), ("sk-x", 200)]
)
def test_the_key_decides_who_is_heard(
    sim: httpx.Client, key: str | None, status: int
) -> None:
    headers = {"authorization": f"Bearer {key}" if key else ""}
    reply = sim.post(OPENROUTER, json=ask(), headers=headers)
    assert reply.status_code == status
