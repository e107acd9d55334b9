"""How long a model reasons, and who is told."""

import httpx

from tests.simulator.simulator_client import OPENROUTER, ask, events, last_record


def test_reasoning_comes_first_and_is_part_of_the_completion(
    sim: httpx.Client,
) -> None:
    body = sim.post(
        OPENROUTER, json=ask("globex/sage-thinker:free", stream=True)
    ).content
    deltas = [event["choices"][0]["delta"] for event in events(body)]
    assert all(delta["reasoning"] and delta["content"] == "" for delta in deltas[:36])
    assert not any("reasoning" in delta for delta in deltas[36:])
    usage = events(body)[-1]["usage"]
    assert usage["completion_tokens"] == 36 + 12
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 36


def test_hidden_reasoning_is_billed_and_not_told(sim: httpx.Client) -> None:
    request = ask("globex/sage-thinker:free", stream=True, reasoning={"exclude": True})
    body = sim.post(OPENROUTER, json=request).content
    assert b'"reasoning":"' not in body
    assert events(body)[-1]["usage"]["completion_tokens"] == 48
    record = last_record(sim)
    assert (record["completion_tokens"], record["reasoning_tokens"]) == (48, 36)


def test_reasoning_that_uses_up_the_cap_leaves_no_text(sim: httpx.Client) -> None:
    request = ask("globex/sage-thinker:free", max_tokens=20)
    reply = sim.post(OPENROUTER, json=request).json()
    assert reply["choices"][0]["message"]["content"] == ""
    assert last_record(sim)["outcome"] == "no_text"


def test_mandatory_reasoning_cannot_be_switched_off(sim: httpx.Client) -> None:
    off = {"effort": "none"}
    assert (
        sim.post(OPENROUTER, json=ask("acme/orca-pro", reasoning=off)).status_code
        == 400
    )
    thinker = ask("globex/sage-thinker:free", reasoning=off)
    usage = sim.post(OPENROUTER, json=thinker).json()["usage"]
    assert usage["completion_tokens"] == 12
