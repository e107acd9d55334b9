"""The ledger is the truth: it agrees with whoever reads the wire."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulator.config import Config
from simulator.ledger import Ledger
from simulator.reply.words import count_tokens
from tests.simulator.simulator_client import (
    OPENROUTER,
    ask,
    events,
    fault_header,
    last_record,
    text,
)

Start = Callable[[Config], httpx.Client]

PACED = Config(ttft_s=0.06, gap_s=0.01, tokens=8, spread=0)


def test_the_ledger_counts_what_the_client_counts(sim: httpx.Client) -> None:
    prompts = ["one", "two words", "three, short words!"]
    mine: list[tuple[int, int, Decimal, str]] = []
    for prompt in prompts:
        body = sim.post(OPENROUTER, json=ask(prompt=prompt, stream=True)).content
        usage = events(body)[-1]["usage"]
        mine.append(
            (
                count_tokens(prompt),
                count_tokens(text(body)),
                Decimal(repr(usage["cost"])),
                hashlib.sha256(prompt.encode()).hexdigest(),
            )
        )
    last_record(sim)
    records = sim.get("/sim/ledger").json()["records"]
    theirs = [
        (
            r["prompt_tokens"],
            r["completion_tokens"],
            Decimal(r["cost_usd"]),
            r["prompt_sha256"],
        )
        for r in records
    ]
    assert mine == theirs
    assert [r["n"] for r in records] == [1, 2, 3]


def test_true_moments_lie_between_the_clients_own(start: Start) -> None:
    sim = start(PACED)
    sim.post(OPENROUTER, json=ask())  # the connection is open from here on
    sent_s = time.monotonic()
    with sim.stream("POST", OPENROUTER, json=ask(stream=True)) as reply:
        parts = reply.iter_raw()
        next(parts)
        first_s = time.monotonic()
        for _ in parts:
            pass
    done_s = time.monotonic()
    record = last_record(sim)
    assert sent_s <= record["received_s"] <= record["head_s"]
    assert record["head_s"] <= record["first_token_s"] <= first_s
    assert record["last_token_s"] <= record["ended_s"]
    assert record["last_token_s"] <= done_s
    # Never before its due time: 60 ms to the first token, 7 gaps of 10 ms more.
    assert record["first_token_s"] - record["received_s"] >= 0.06
    assert record["last_token_s"] - record["received_s"] >= 0.13
    assert record["first_token_due_s"] - record["received_s"] == pytest.approx(0.06)
    assert record["late_max_s"] >= record["first_token_s"] - record["first_token_due_s"]


def test_wall_clock_moments_are_the_same_moments(sim: httpx.Client) -> None:
    before = time.time()
    sim.post(OPENROUTER, json=ask(stream=True))
    record = last_record(sim)
    assert before - 0.1 <= record["received_at"] <= time.time() + 0.1
    passed_s = record["first_token_s"] - record["received_s"]
    wall_s = record["first_token_at"] - record["received_at"]
    assert wall_s == pytest.approx(passed_s, abs=1e-5)


def test_a_reply_in_one_piece_has_no_first_token(sim: httpx.Client) -> None:
    sim.post(OPENROUTER, json=ask())
    record = last_record(sim)
    assert (record["streamed"], record["first_token_s"]) == (False, None)
    assert record["first_byte_s"] is not None


def test_visible_text_is_noted_apart_from_reasoning(sim: httpx.Client) -> None:
    sim.post(OPENROUTER, json=ask("globex/sage-thinker:free", stream=True))
    record = last_record(sim)
    assert record["first_token_s"] < record["first_visible_s"]


def cut(sim: httpx.Client, model: str, *, stream: bool) -> dict[str, Any]:
    """The record of a call that is left after its third event, or at once."""
    slow = {"X-Sim-Gap-S": "0.05", "X-Sim-Tokens": "40"}
    timeout = httpx.Timeout(5) if stream else httpx.Timeout(5, read=0.05)
    request = ask(model, stream=stream)
    try:
        with sim.stream(
            "POST", OPENROUTER, json=request, headers=slow, timeout=timeout
        ) as reply:
            parts = reply.iter_raw()
            seen = 0
            while seen < 3:
                seen += next(parts).count(b"data: ")
    except httpx.ReadTimeout:
        pass
    return last_record(sim)


def test_a_client_that_leaves_is_noted_and_pays_for_what_it_got(
    sim: httpx.Client,
) -> None:
    record = cut(sim, "acme/swift-8b", stream=True)
    assert (record["outcome"], record["cut"]) == ("cancelled", True)
    assert 3 <= record["completion_tokens"] < 40
    # 2 tokens in at 0.05 USD per million, those out at 0.15.
    paid = Decimal(2) * 5 / 10**8 + Decimal(record["completion_tokens"]) * 15 / 10**8
    assert Decimal(record["cost_usd"]) == paid


@pytest.mark.parametrize(
    ("model", "stream"),
    [("acme/orca-70b-instruct:floor", True), ("acme/swift-8b", False)],
)
def test_some_calls_run_on_and_are_billed_in_full(
    sim: httpx.Client, model: str, stream: bool
) -> None:
    record = cut(sim, model, stream=stream)
    assert (record["outcome"], record["cut"]) == ("cancelled", True)
    assert record["completion_tokens"] == 40


def test_a_failure_on_the_way_is_not_billed(sim: httpx.Client) -> None:
    request = ask(stream=True)
    fault = fault_header("mid-stream-error;after=4")
    sim.post(OPENROUTER, json=request, headers=fault)
    record = last_record(sim)
    assert (record["completion_tokens"], record["cost_usd"]) == (4, "0")


def test_the_key_is_known_by_a_digest_only(sim: httpx.Client) -> None:
    sim.post(OPENROUTER, json=ask(), headers={"authorization": "Bearer sk-secret"})
    digest = hashlib.sha256(b"sk-secret").hexdigest()
    assert last_record(sim)["key_sha256"] == digest[:12]
    assert "sk-secret" not in sim.get("/sim/ledger").text


async def test_calls_open_at_once_are_counted(start: Start) -> None:
    sim = start(Config(ttft_s=1.0, gap_s=0, tokens=2, spread=0))
    headers = {"authorization": "Bearer k"}
    async with httpx.AsyncClient(base_url=sim.base_url, headers=headers) as client:
        await asyncio.gather(*(client.post(OPENROUTER, json=ask()) for _ in range(7)))
    last_record(sim)
    ledger = sim.get("/sim/ledger").json()
    assert (ledger["open"], ledger["open_peak"]) == (0, 7)
    assert sorted(r["open_at_once"] for r in ledger["records"]) == [1, 2, 3, 4, 5, 6, 7]


def test_a_caller_s_place_in_a_trace_is_noted(sim: httpx.Client) -> None:
    place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sim.post(OPENROUTER, json=ask(), headers={"traceparent": place})
    assert last_record(sim)["traceparent"] == place
    sim.post(OPENROUTER, json=ask())
    assert last_record(sim)["traceparent"] is None


def test_the_oldest_records_are_forgotten_beyond_the_cap() -> None:
    ledger = Ledger(cap=3)
    for _ in range(5):
        ledger.end(ledger.begin(time.monotonic()))
    told = ledger.since(0, 100)
    assert [record["n"] for record in told["records"]] == [3, 4, 5]
    assert (told["forgotten"], told["cap"], told["open"]) == (2, 3, 0)


def test_the_ledger_is_read_in_pages(sim: httpx.Client) -> None:
    for _ in range(5):
        sim.post(OPENROUTER, json=ask("fault/internal"))
    first = sim.get("/sim/ledger?since=1&limit=2").json()
    assert [record["n"] for record in first["records"]] == [2, 3]
    assert first["more"] is True
    assert sim.get("/sim/ledger?since=3").json()["more"] is False


def test_the_summary_tells_the_truth_per_model(sim: httpx.Client) -> None:
    for model in ("acme/swift-8b", "acme/swift-8b", "fault/empty", "fault/no-credit"):
        sim.post(OPENROUTER, json=ask(model, stream=True))
    last_record(sim)
    summary = sim.get("/sim/summary").json()["models"]
    swift = summary["acme/swift-8b"]
    assert (swift["calls"], swift["outcomes"]) == (2, {"ok": 2})
    assert (swift["completion_tokens"], swift["cost_usd"]) == (24, "0.0000038")
    assert swift["ttft_s"]["n"] == 2
    assert 0.005 <= swift["ttft_s"]["p50"] <= swift["latency_s"]["p50"]
    assert summary["fault/empty"]["ttft_s"] == {"n": 0, "mean": None, "p50": None}
    assert summary["fault/no-credit"]["outcomes"] == {"no_credit": 1}


def test_a_call_told_to_its_end_ended_with_its_last_byte(start: Start) -> None:
    sim = start(PACED)
    sim.post(OPENROUTER, json=ask(stream=True))
    told = last_record(sim)
    assert told["ended_s"] == told["last_byte_s"] >= told["last_token_s"]
    cut(sim, "acme/swift-8b:free", stream=True)
    left = last_record(sim)
    assert left["ended_s"] > left["last_byte_s"]
