"""What a well-behaved call gets, streamed or in one piece."""

import json
from collections.abc import Callable
from decimal import Decimal

import httpx

from simulator.config import Config
from simulator.reply.words import count_tokens
from tests.simulator.simulator_client import (
    OPENROUTER,
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
