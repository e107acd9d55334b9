"""What a well-behaved call gets, in both dialects."""

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from simulator.answers import count_tokens
from simulator.config import Config
from tests.simulator.simulator_client import (
    OPENROUTER,
    PLAIN,
    ask,
    events,
    last_record,
    payloads,
    text,
)

Start = Callable[[Config], httpx.Client]


def test_a_stream_is_chunks_a_finish_the_usage_and_done(sim: httpx.Client) -> None:
    reply = sim.post(OPENROUTER, json=ask(stream=True))
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    assert b"\r" not in reply.content
    assert payloads(reply.content)[-1] == b"[DONE]"
    told = events(reply.content)
    assert len(told) == 12 + 2
    assert {event["id"] for event in told} == {reply.headers["x-generation-id"]}
    assert all(e["choices"][0]["delta"]["role"] == "assistant" for e in told)
    finishes = [event["choices"][0]["finish_reason"] for event in told]
    assert finishes == [None] * 12 + ["stop", "stop"]
    assert [event["usage"]["total_tokens"] for event in told if "usage" in event] == [
        14
    ]


def test_a_stream_does_not_come_in_one_piece(start: Start) -> None:
    sim = start(Config(ttft_s=0.05, gap_s=0.05, tokens=6, spread=0))
    with sim.stream("POST", OPENROUTER, json=ask(stream=True)) as reply:
        parts = list(reply.iter_raw())
    assert len(parts) > 2


def test_a_reply_in_one_piece_has_the_same_text_as_the_stream(
    sim: httpx.Client,
) -> None:
    whole = sim.post(OPENROUTER, json=ask()).json()
    streamed = sim.post(OPENROUTER, json=ask(stream=True)).content
    message = whole["choices"][0]["message"]
    assert message["content"] == text(streamed)
    assert count_tokens(message["content"]) == whole["usage"]["completion_tokens"] == 12


def test_the_reply_quotes_the_prompt_and_depends_on_it(sim: httpx.Client) -> None:
    said = {
        prompt: text(sim.post(OPENROUTER, json=ask(prompt=prompt, stream=True)).content)
        for prompt in ("Capital of Portugal?", "Столица Франции?", "?!")
    }
    assert said["Capital of Portugal?"].startswith("«Capital Portugal»: ")
    assert said["Столица Франции?"].startswith("«Столица Франции»: ")
    assert len(set(said.values())) == 3
    assert all(words.endswith(".") for words in said.values())


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_a_cap_cuts_the_reply_and_says_length(sim: httpx.Client, key: str) -> None:
    reply = sim.post(OPENROUTER, json=ask() | {key: 5}).json()
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 5


def test_the_cost_is_prices_times_tokens_to_the_last_digit(sim: httpx.Client) -> None:
    # acme/swift-8b: 0.05 and 0.15 USD per million; 2 tokens in, 12 out.
    body = sim.post(OPENROUTER, json=ask()).text
    cost = json.loads(body, parse_float=Decimal)["usage"]["cost"]
    assert cost == Decimal("0.0000019")
    assert '"cost":0.0000019,' in body
    assert last_record(sim)["cost_usd"] == "0.0000019"


def test_long_prompts_cost_more_where_the_catalogue_says_so(sim: httpx.Client) -> None:
    prompt = "word " * 200_001
    request = ask("acme/orca-pro", prompt, max_tokens=1)
    sim.post(OPENROUTER, json=request)
    # 200,001 at 5 USD per million and 1 at 15.
    assert last_record(sim)["cost_usd"] == "1.00002"


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


@pytest.mark.parametrize(
    ("wish", "served"),
    [
        ({"only": ["kestrel"]}, "Kestrel"),
        ({"order": ["meridian/int4"], "allow_fallbacks": False}, "Meridian"),
        ({"order": ["nobody", "Harbor"]}, "Harbor"),
        ({"ignore": ["harbor", "meridian/int4"]}, "Kestrel"),
        ({"sort": "throughput"}, "Kestrel"),
        ({"sort": {"by": "price"}}, "Meridian"),
        ({"max_price": {"prompt": "0.07"}}, "Meridian"),
    ],
)
def test_a_provider_can_be_pinned(
    sim: httpx.Client, wish: dict[str, object], served: str
) -> None:
    request = ask("acme/orca-70b-instruct", provider=wish)
    assert sim.post(OPENROUTER, json=request).json()["provider"] == served
    assert last_record(sim)["provider"] == served


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"only": ["nobody"]}, 404),
        ({"order": ["nobody"], "allow_fallbacks": False}, 404),
        ({"unheard": 1}, 400),
        ({"only": 7}, 400),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    sim: httpx.Client, wish: dict[str, object], status: int
) -> None:
    request = ask("acme/orca-70b-instruct", provider=wish)
    assert sim.post(OPENROUTER, json=request).status_code == status


def test_free_models_do_not_come_without_training(sim: httpx.Client) -> None:
    request = ask("acme/swift-8b:free", provider={"data_collection": "deny"})
    reply = sim.post(OPENROUTER, json=request)
    assert reply.status_code == 404
    assert reply.json()["error"]["metadata"]["failed_routing_step"] == "data_policy"


@pytest.mark.parametrize(
    ("suffix", "served"), [("nitro", "Kestrel"), ("floor", "Meridian")]
)
def test_a_suffix_sorts_the_providers(
    sim: httpx.Client, suffix: str, served: str
) -> None:
    reply = sim.post(OPENROUTER, json=ask(f"acme/orca-70b-instruct:{suffix}")).json()
    assert reply["provider"] == served
    assert reply["model"] == f"acme/orca-70b-instruct:{suffix}"


@pytest.mark.parametrize("model", ["openrouter/auto", "~acme/orca-latest"])
def test_routers_and_aliases_name_the_model_that_answered(
    sim: httpx.Client, model: str
) -> None:
    reply = sim.post(OPENROUTER, json=ask(model)).json()
    assert reply["model"] == "acme/orca-70b-instruct"


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


def test_comments_come_while_the_first_token_is_awaited(start: Start) -> None:
    sim = start(
        Config(ttft_s=0.1, gap_s=0.001, tokens=2, spread=0, comment_every_s=0.03)
    )
    body = sim.post(OPENROUTER, json=ask(stream=True)).content
    assert body.startswith(b": OPENROUTER PROCESSING\n\n" * 3 + b"data: ")
    record = last_record(sim)
    assert record["first_byte_s"] < record["first_token_s"]


def test_a_slow_reply_in_one_piece_begins_with_blanks(start: Start) -> None:
    sim = start(
        Config(
            ttft_s=0.1,
            gap_s=0,
            tokens=2,
            spread=0,
            padding_after_s=0.02,
            padding_every_s=0.03,
        )
    )
    body = sim.post(OPENROUTER, json=ask()).content
    assert body.startswith(b"\n         \n" * 3 + b"{")
    assert json.loads(body)["choices"][0]["finish_reason"] == "stop"


def test_every_json_body_has_a_field_that_nobody_has_heard_of(
    sim: httpx.Client,
) -> None:
    assert "x_unheard_of" in sim.post(OPENROUTER, json=ask()).json()
    assert "x_unheard_of" in sim.post(OPENROUTER, json=ask("no/such")).json()
    assert "x_unheard_of" in sim.get("/api/v1/models").json()["data"][0]


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
