"""The free tier's limits, as a function of the time and over a socket."""

from collections.abc import Callable
from dataclasses import replace

import httpx

from simulator.config import Config
from simulator.pace.limits import FreeTier
from tests.simulator.simulator_client import OPENROUTER, ask, last_record

Start = Callable[[Config], httpx.Client]
MIDNIGHT_S = 1_795_478_400.0
QUICK = Config(ttft_s=0.0, gap_s=0.0, tokens=1)


def test_the_21st_call_of_a_minute_is_refused_until_the_minute_is_over() -> None:
    tier = FreeTier(per_day=1000, per_minute=20)
    noon_s = MIDNIGHT_S - 43_200
    assert all(tier.count(noon_s + i) is None for i in range(20))
    refusal = tier.count(noon_s + 59.9)
    assert refusal is not None
    assert refusal.message == "Rate limit exceeded: free-models-per-min. "
    assert refusal.headers["X-RateLimit-Limit"] == "20"
    assert refusal.headers["X-RateLimit-Reset"] == str(int(noon_s + 60) * 1000)
    assert tier.count(noon_s + 60) is None


def test_the_day_ends_at_midnight_utc() -> None:
    tier = FreeTier(per_day=2, per_minute=20)
    assert [tier.count(MIDNIGHT_S - 600 + i) for i in range(2)] == [None, None]
    refusal = tier.count(MIDNIGHT_S - 1)
    assert refusal is not None
    assert refusal.headers["X-RateLimit-Reset"] == str(int(MIDNIGHT_S) * 1000)
    assert tier.count(MIDNIGHT_S) is None
    assert tier.used_today == 1


def test_an_account_with_credits_has_a_message_of_its_own() -> None:
    tier = FreeTier(per_day=1000, per_minute=10_000, used_today=0)
    for _ in range(1000):
        assert tier.count(MIDNIGHT_S) is None
    refusal = tier.count(MIDNIGHT_S)
    assert refusal is not None
    assert refusal.message.endswith("free-models-per-day-high-balance. ")


def test_calls_that_fail_count_and_paid_ones_do_not(start: Start) -> None:
    sim = start(replace(QUICK, free_per_day=3))
    for model in ("fault/bad-gateway:free", "acme/swift-8b:free", "fault/empty:free"):
        assert sim.post(OPENROUTER, json=ask(model)).status_code in (200, 502)
    reply = sim.post(OPENROUTER, json=ask("acme/swift-8b:free"))
    assert reply.status_code == 429
    error = reply.json()["error"]
    assert error["message"].startswith("Rate limit exceeded: free-models-per-day. Add")
    assert error["metadata"]["limit_source"] == "openrouter_free_tier_daily"
    assert error["metadata"]["headers"]["X-RateLimit-Limit"] == "3"
    for name, value in error["metadata"]["headers"].items():
        assert reply.headers[name] == value
    assert "retry-after" not in reply.headers
    assert last_record(sim)["outcome"] == "rate_limited"
    assert sim.post(OPENROUTER, json=ask("acme/swift-8b")).status_code == 200


def test_limits_are_off_unless_asked_for(start: Start) -> None:
    sim = start(QUICK)
    statuses = {
        sim.post(OPENROUTER, json=ask("acme/swift-8b:free")).status_code
        for _ in range(25)
    }
    assert statuses == {200}
