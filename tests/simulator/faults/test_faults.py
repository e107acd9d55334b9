"""Each fault does what its sentence says, and the ledger knows how it must be read."""

import contextlib
import gzip
import json
import time
from collections.abc import Callable

import httpx
import pytest

from simulator.faults import FAULTS, parse
from tests.simulator.simulator_client import (
    OPENROUTER,
    ask,
    classify,
    events,
    fault_header,
    last_record,
    payloads,
    text,
)

ENDLESS = {"hang", "hang-after-head", "comments-forever", "stall", "endless"}


def stream(sim: httpx.Client, fault: str) -> bytes:
    request = ask(stream=True)
    return sim.post(OPENROUTER, json=request, headers=fault_header(fault)).content


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - ENDLESS))
def test_a_second_reader_finds_the_outcome_that_the_ledger_states(
    sim: httpx.Client, fault: str
) -> None:
    for streamed in (True, False):
        found = classify(sim, ask(stream=streamed), fault)
        record = last_record(sim)
        assert record["fault"] == fault
        assert (record["outcome"], streamed) == (found, streamed)
        assert record["cut"] is False


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("hang", "timeout_first_token"),
        ("hang-after-head", "timeout_first_token"),
        ("comments-forever;every_s=0.01", "timeout_first_token"),
        ("stall", "timeout_idle"),
        ("stall;after=0", "timeout_first_token"),
        ("endless", "timeout_total"),
    ],
)
def test_a_reply_without_an_end_lasts_until_the_client_leaves(
    sim: httpx.Client, fault: str, outcome: str
) -> None:
    body = listen_until(time.monotonic() + 0.15, sim, fault)
    record = last_record(sim)
    assert (record["outcome"], record["cut"]) == (outcome, True)
    assert b"[DONE]" not in body
    assert record["completion_tokens"] >= body.count(b'"finish_reason":null')
    if outcome == "timeout_first_token":
        assert (record["completion_tokens"], record["cost_usd"]) == (0, "0")


def test_a_call_that_hangs_costs_nothing(sim: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        sim.post(OPENROUTER, json=ask("fault/hang"), timeout=0.1)
    record = last_record(sim)
    assert (record["outcome"], record["cost_usd"]) == ("timeout_first_token", "0")


def listen_until(give_up_s: float, sim: httpx.Client, fault: str) -> bytes:
    """What came until then; the connection is closed."""
    body = b""
    request, headers = ask(stream=True), fault_header(fault)
    timeout = httpx.Timeout(5, read=0.15)
    with (
        contextlib.suppress(httpx.ReadTimeout),
        sim.stream(
            "POST", OPENROUTER, json=request, headers=headers, timeout=timeout
        ) as reply,
    ):
        for part in reply.iter_raw():
            body += part
            if time.monotonic() > give_up_s:
                break
    return body


BYTES: dict[str, Callable[[bytes], bool]] = {
    "mid-stream-error": lambda b: (
        events(b)[-1]["error"]["code"] == 502 and payloads(b)[-1] == b"[DONE]"
    ),
    "error-string-code": lambda b: events(b)[-1]["error"]["code"] == "server_error",
    "error-no-choices": lambda b: len(events(b)) == 1 and events(b)[0]["choices"] == [],
    "error-bare": lambda b: "choices" not in events(b)[-1] and text_before(b) != "",
    "error-finish-only": lambda b: (
        "error" not in events(b)[-1]
        and events(b)[-1]["choices"][0]["finish_reason"] == "error"
    ),
    "error-with-usage": lambda b: "usage" in events(b)[-1] and "error" in events(b)[-1],
    "error-after-finish": lambda b: (
        events(b)[-2]["choices"][0]["finish_reason"] == "stop"
    ),
    "error-in-200": lambda b: set(json.loads(b)) == {"error"},
    "error-with-nulls": lambda b: json.loads(b)["choices"] is None,
    "padding-then-error": lambda b: b.startswith(b"\n         \n\n         \n"),
    "truncated;after=3": lambda b: len(payloads(b)) == 3,
    "no-finish": lambda b: len(payloads(b)) == 12,
    "no-done": lambda b: "usage" in events(b)[-1] and b"[DONE]" not in b,
    "empty": lambda b: text(b) == "",
    "content-null": lambda b: b'"content":null' in b,
    "reasoning-only": lambda b: text(b) == "" and b'"reasoning":"' in b,
    "length-before-text": lambda b: (
        b'"finish_reason":"length"' in b and b'"reasoning":"' not in b
    ),
    "tool-call": lambda b: b'"arguments":null' in b,
    "whitespace": lambda b: b.strip() == b"",
    "html-200": lambda b: b.startswith(b"<!DOCTYPE html>"),
    "usage-b": lambda b: events(b)[-1]["choices"] == [],
    "usage-c": lambda b: events(b)[-1]["choices"][0]["finish_reason"] is None,
    "usage-missing": lambda b: b'"usage"' not in b,
    "usage-too-small": lambda b: b'"reasoning_tokens":13' in b,
    "cost-missing": lambda b: b'"cost"' not in b and b'"total_tokens"' in b,
    "cost-null": lambda b: b'"cost":null' in b,
    "cost-half": lambda b: b'"cost":0.00000095' in b,
    "cost-scientific": lambda b: b'"cost":1.9e-06' in b,
    "cached-prompt": lambda b: b'"cached_tokens":2' in b,
    "finish-null": lambda b: b'"finish_reason":"' not in b and b"[DONE]" in b,
    "native-finish-null": lambda b: (
        b'"native_finish_reason":"' not in b and b'"finish_reason":"stop"' in b
    ),
    "role-alone": lambda b: (
        events(b)[0]["choices"][0]["delta"] == {"content": "", "role": "assistant"}
    ),
    "role-once": lambda b: b.count(b'"role"') == 2,  # and in the usage event
    "role-never": lambda b: b.count(b'"role"') == 1,  # the usage event's
    "reasoning-details": lambda b: b.count(b'"reasoning.text"') == 6,
    "model-dated": lambda b: b'"model":"acme/swift-8b-20260811"' in b,
    "provider-missing": lambda b: b'"provider"' not in b,
    "many-tokens-a-chunk;tokens=5": lambda b: len(payloads(b)) == 3 + 3,
    "line-separators": lambda b: "\u2028\u0085" in text(b) and b"\\u2028" not in b,
    "nul": lambda b: "\0" in text(b),
    "crlf": lambda b: b.count(b"\r\n") == b.count(b"\n") > 0,
    "cr": lambda b: b"\n" not in b and b.endswith(b"[DONE]\r\r"),
    "bom": lambda b: b.startswith(b"\xef\xbb\xbfdata: "),
    "comments-first": lambda b: b.startswith(b": OPENROUTER PROCESSING\n\n" * 17),
    "comments-between": lambda b: b.count(b": OPENROUTER PROCESSING\n\n") == 15,
    "debug-echo": lambda b: "debug" in events(b)[0] and not events(b)[0]["choices"],
    "signature-last": lambda b: b'"reasoning.encrypted"' in payloads(b)[12],
    "bad-json": lambda b: b'"delta":\n' in b,
    "bad-utf8": lambda b: b"\xff\xfe" in b,
    "error-flat;after=3": lambda b: (
        events(b)[-1]["code"] == 429 and len(payloads(b)) == 4
    ),
    "error-flat;after=0": lambda b: len(payloads(b)) == 1,
    "error-object": lambda b: events(b)[-1]["object"] == "error",
    "error-detail": lambda b: set(events(b)[-1]) == {"detail"},
    "error-list": lambda b: events(b)[-1][0]["error"]["code"] == 429,
    "error-event": lambda b: b"\n\nevent: error\ndata: {" in b,
    "usage-zero": lambda b: events(b)[-1]["usage"]["completion_tokens"] == 0,
    "usage-zero-last": lambda b: (
        [event["usage"]["total_tokens"] for event in events(b)[-2:]] == [14, 0]
    ),
    "total-missing": lambda b: events(b)[-1]["usage"]["total_tokens"] is None,
    "cost-absurd": lambda b: events(b)[-1]["usage"]["cost"] == 1e300,
    "cost-absurd;value=dear": lambda b: events(b)[-1]["usage"]["cost"] == "dear",
    "count-absurd": lambda b: events(b)[-1]["usage"]["completion_tokens"] == 1e18,
    "content-parts": lambda b: b.count(b'"thinking":[') == b.count(b'"reference"') == 6,
    "reasoning-content": lambda b: b.count(b'"reasoning_content":') == 6,
    "thinking": lambda b: b.count(b'"thinking":"') == 6,
    "text-then-tool-call": lambda b: text(b) != "" and b.count(b'"tool_calls":[') == 1,
    "tool-call-in-pieces": lambda b: text(b) == "" and b.count(b'"tool_calls":[') == 12,
    "function-call": lambda b: text(b) == "" and b'"function_call":{' in b,
    "odd-events": lambda b: b.count(b"data: ping\n") == b.count(b"data: null\n") == 15,
    "half-emojis": lambda b: text(b) != "" and b.count(rb"\ud83d") == 6,
    "data-then-json": lambda b: b"data:\n {" in b,
    "not-streamed": lambda b: b"data:" not in b and b'"message":{' in b,
    "huge-line;mib=1": lambda b: len(b) > 1 << 20,
}


def text_before(body: bytes) -> str:
    chunks = [event for event in events(body) if "choices" in event]
    return "".join(event["choices"][0]["delta"]["content"] for event in chunks)


@pytest.mark.parametrize("fault", BYTES)
def test_a_fault_shows_in_the_bytes(sim: httpx.Client, fault: str) -> None:
    body = stream(sim, fault)
    assert BYTES[fault](body), body[:2000]


@pytest.mark.parametrize("fault", ["split", "coalesced", "crlf", "bom", "role-alone"])
def test_odd_framing_leaves_the_text_as_it_is(sim: httpx.Client, fault: str) -> None:
    assert text(stream(sim, fault)) == text(stream(sim, "no-done"))


def test_a_fault_strikes_by_model_name_with_and_without_the_free_suffix(
    sim: httpx.Client,
) -> None:
    for model in ("fault/html-502", "fault/html-502:free"):
        reply = sim.post(OPENROUTER, json=ask(model))
        assert (reply.status_code, reply.content[:9]) == (502, b"<!DOCTYPE")


def test_arguments_reach_a_fault_by_model_name_and_by_header(sim: httpx.Client) -> None:
    by_model = ask("fault/truncated;after=2", stream=True)
    assert len(payloads(sim.post(OPENROUTER, json=by_model).content)) == 2
    assert len(payloads(stream(sim, "truncated;after=4"))) == 4


@pytest.mark.parametrize(
    "hint", ["0", "2", "1000000000", "-1", "Mon, 23 Nov 2026 08:00:00 GMT", "soon"]
)
def test_a_retry_hint_goes_out_as_it_was_given(sim: httpx.Client, hint: str) -> None:
    fault = fault_header(f"rate-limited-upstream;retry_after={hint}")
    reply = sim.post(OPENROUTER, json=ask(), headers=fault)
    assert reply.headers["retry-after"] == hint
    metadata = reply.json()["error"]["metadata"]
    assert metadata["limit_source"] == "upstream_provider_shared_pool"
    assert ("retry_after_seconds" in metadata) == hint.isdecimal()


def test_a_throttled_call_may_come_without_any_hint(sim: httpx.Client) -> None:
    reply = sim.post(OPENROUTER, json=ask("fault/rate-limited-upstream"))
    assert "retry-after" not in reply.headers
    raw = reply.json()["error"]["metadata"]["raw"]
    assert raw.startswith("fault/rate-limited-upstream is temporarily")


def test_a_bomb_is_small_on_the_wire_and_large_when_inflated(sim: httpx.Client) -> None:
    with sim.stream(
        "POST", OPENROUTER, json=ask(), headers=fault_header("gzip;mib=3")
    ) as reply:
        body = b"".join(reply.iter_raw())
    assert len(body) < 10_000
    assert len(gzip.decompress(body)) == 3 << 20


def test_faults_add_up_when_several_headers_name_them(sim: httpx.Client) -> None:
    headers = [
        ("X-Sim-Fault", "usage-missing"),
        ("X-Sim-Fault", "crlf"),
        ("Authorization", "Bearer k"),
    ]
    body = sim.post(OPENROUTER, json=ask(stream=True), headers=headers).content
    assert b'"usage"' not in body
    assert body.endswith(b"data: [DONE]\r\n\r\n")
    assert last_record(sim)["fault"] == "usage-missing + crlf"


def test_an_unknown_fault_is_a_400_that_tells_where_the_list_is(
    sim: httpx.Client,
) -> None:
    reply = sim.post(OPENROUTER, json=ask(), headers=fault_header("no-such"))
    assert reply.status_code == 400
    assert "GET /sim/faults" in reply.json()["error"]["message"]


def test_an_argument_that_is_no_number_is_a_400(sim: httpx.Client) -> None:
    fault = fault_header("stall;after=soon")
    reply = sim.post(OPENROUTER, json=ask(stream=True), headers=fault)
    assert reply.status_code == 400


def test_every_fault_has_a_sentence_and_a_stage(sim: httpx.Client) -> None:
    listed = sim.get("/sim/faults").json()
    assert set(listed) == set(FAULTS)
    for name in FAULTS:
        fault, _ = parse(name)
        assert fault.says
        stages = [fault.refuse, fault.bend, fault.cut]
        assert sum(stage is not None for stage in stages) == 1
