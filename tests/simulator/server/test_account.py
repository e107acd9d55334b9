"""The account and what it is told of one generation."""

from collections.abc import Callable
from decimal import Decimal

import httpx

from simulator.config import Config
from tests.simulator.simulator_client import (
    OPENROUTER,
    ask,
    catalogue_rows,
    fault_header,
    last_record,
)

Start = Callable[[Config], httpx.Client]

NO_KEY = {"authorization": ""}


def test_the_account_needs_a_key(start: Start) -> None:
    sim = start(Config(free_per_day=50))
    sim.post(OPENROUTER, json=ask("fault/empty:free"))
    for path in ("key", "auth/key", "credits", "models/user"):
        assert sim.get(f"/api/v1/{path}", headers=NO_KEY).status_code == 401
    key = sim.get("/api/v1/key")
    assert key.headers["cache-control"] == "private, no-store"
    used = {"limit": 50, "used": 1, "remaining": 49}
    assert key.json()["data"]["free_model_daily_requests"] == used
    assert sim.get("/api/v1/credits").json()["data"]["total_credits"] == 25
    slugs = [row["slug"] for row in sim.get("/api/v1/providers").json()["data"]]
    assert slugs == ["harbor", "kestrel", "meridian"]
    assert sim.get("/api/v1/models/count").json()["data"]["count"] == len(
        catalogue_rows(sim)
    )


def test_a_generation_is_unknown_at_first(start: Start) -> None:
    sim = start(Config(ttft_s=0.01, gap_s=0, tokens=3, generation_after_s=60))
    reply = sim.post(OPENROUTER, json=ask())
    last_record(sim)
    path = f"/api/v1/generation?id={reply.json()['id']}"
    assert sim.get(path).status_code == 404


def test_a_generation_tells_what_the_reply_told(start: Start) -> None:
    sim = start(Config(ttft_s=0.01, gap_s=0, tokens=3, generation_after_s=0))
    reply = sim.post(OPENROUTER, json=ask()).json()
    last_record(sim)
    told = sim.get(f"/api/v1/generation?id={reply['id']}").json()["data"]
    assert told["total_cost"] == reply["usage"]["cost"]
    assert told["native_tokens_completion"] == 3
    assert told["provider_name"] == reply["provider"]
    assert told["cancelled"] is False


def test_a_generation_can_be_dearer_than_the_reply_told(start: Start) -> None:
    sim = start(Config(ttft_s=0.01, gap_s=0, tokens=3, generation_after_s=0))
    reply = sim.post(OPENROUTER, json=ask(), headers=fault_header("cost-half")).json()
    billed = Decimal(last_record(sim)["cost_usd"])
    told = sim.get(f"/api/v1/generation?id={reply['id']}").json()["data"]
    assert Decimal(repr(told["total_cost"])) == billed
    assert Decimal(repr(reply["usage"]["cost"])) == billed / 2


def test_generations_of_free_models_can_stay_unknown(start: Start) -> None:
    sim = start(Config(generation_after_s=0, free_generations_never=True, tokens=1))
    reply = sim.post(OPENROUTER, json=ask("acme/swift-8b:free")).json()
    last_record(sim)
    assert sim.get(f"/api/v1/generation?id={reply['id']}").status_code == 404
