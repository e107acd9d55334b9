"""GET /account: the upstream's word beside our own count, over real sockets."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from api.schemas import AccountNow
from shared.clock import utc_label
from shared.money.limits import Limit, account_of
from shared.store.client import connect, now_s
from shared.store.upstream import limits
from tests.api.client import problem
from tests.api.server import Api, Start
from tests.children import CANARY, Simulator, simulator

FREE = "acme/swift-8b:free"
NOBODY = "http://127.0.0.1:9/api/v1"


@pytest.fixture(scope="module")
def limited() -> Iterator[Simulator]:
    """An upstream that allows 50 free calls a day."""
    with simulator("--ttft-s", "0", "--tokens", "2", "--free-per-day", "50") as found:
        yield found


@dataclass
class Upstream:
    """A server that says one thing to `GET /key`, and counts who asks."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def saying(body: bytes, status: int = 200) -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/key"):
                upstream.asked.append(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    upstream = Upstream(f"http://127.0.0.1:{server.server_port}/api/v1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def counted(api: Api, calls: int, *limited: Limit) -> None:
    """Calls that workers have asked leave for, the counts before them forgotten."""
    assert api.settings.redis_url
    redis = connect(api.settings.redis_url)
    name = account_of(api.settings)
    async for key in redis.scan_iter(f"llmbench:limit:{name}:*"):
        await redis.delete(key)
    for number in range(calls):
        await limits.leave(redis, name, limited, f"call{number}", flight_s=60)
    await redis.aclose()


async def test_both_counts_stand_beside_each_other(
    start: Start, limited: Simulator
) -> None:
    api = start(openrouter_base_url=limited.base_url, free_calls_per_minute=20)
    await counted(api, 3, Limit("free", per_minute=20))
    for _ in range(2):  # not counted by us: somebody waited for them
        assert api.http.post(
            "/generate", json={"prompt": "x", "model": FREE}
        ).is_success
    answer = api.http.get("/account")
    assert answer.status_code == 200
    assert CANARY not in answer.text
    found = answer.json()
    assert found["label"] == "sk-or-v1-sim...ula"
    assert found["is_free_tier"] is True
    assert found["credit"] == {
        "limit_usd": None,
        "remaining_usd": None,
        "used_usd": 0.0412,
        "used_today_usd": 0.0,
    }
    assert found["free_calls_today"] == {
        "ours": {"limit": 50, "used": 3, "left": 47},
        "theirs": {"limit": 50, "used": 2, "left": 48},
    }
    assert found["limits"] == [
        {
            "name": "free",
            "per_minute": 20,
            "per_day": 50,
            "in_flight": None,
            "calls_last_minute": 3,
            "calls_today": 3,
            "calls_in_flight": None,
            "barred_until": None,
        }
    ]
    assert found["warnings"] == []
    told = datetime.fromisoformat(found["told_at"])
    midnight = told.replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(found["resets_at"]) == midnight + timedelta(days=1)


async def test_own_limits_and_a_bar_are_shown(start: Start, limited: Simulator) -> None:
    api = start(
        openrouter_base_url=limited.base_url,
        free_calls_per_day=40,
        max_calls_per_day=100,
        max_calls_in_flight=8,
    )
    both = Limit("free", per_day=40), Limit("all", per_day=100, in_flight=8)
    await counted(api, 5, *both)
    assert api.settings.redis_url
    redis = connect(api.settings.redis_url)
    opens = await now_s(redis) + 600
    await limits.bar(redis, account_of(api.settings), "free", int(opens * 1000))
    await redis.aclose()
    free, everything = api.http.get("/account").json()["limits"]
    assert free["barred_until"] == utc_label(int(opens * 1000) / 1000)
    assert (free["per_day"], free["calls_today"]) == (40, 5)
    assert everything == {
        "name": "all",
        "per_minute": None,
        "per_day": 100,
        "in_flight": 8,
        "calls_last_minute": 5,
        "calls_today": 5,
        "calls_in_flight": 5,
        "barred_until": None,
    }


def test_what_the_upstream_does_not_say_is_null(start: Start) -> None:
    with saying(b'{"data": {}}') as upstream:
        found = start(openrouter_base_url=upstream.url).http.get("/account").json()
    assert set(found["credit"].values()) == {None}
    assert found["label"] is found["is_free_tier"] is None
    nothing = {"limit": None, "used": None, "left": None}
    assert found["free_calls_today"] == {"ours": nothing, "theirs": nothing}
    assert found["limits"] == []
    (warning,) = found["warnings"]
    assert "FREE_LIMITS is off" in warning


async def test_without_an_upstream_our_half_is_shown(start: Start) -> None:
    api = start(openrouter_base_url=NOBODY, free_calls_per_day=50)
    await counted(api, 4, Limit("free", per_day=50))
    found = api.http.get("/account").json()
    assert found["credit"] is found["label"] is found["told_at"] is None
    assert found["free_calls_today"]["ours"] == {"limit": 50, "used": 4, "left": 46}
    assert found["free_calls_today"]["theirs"]["used"] is None
    (warning,) = found["warnings"]
    assert "OPENROUTER_BASE_URL" in warning


async def test_without_a_key_our_half_is_shown(
    start: Start, limited: Simulator
) -> None:
    api = start(
        openrouter_base_url=limited.base_url,
        openrouter_api_key=None,
        free_calls_per_day=50,
    )
    await counted(api, 1, Limit("free", per_day=50))
    found = api.http.get("/account").json()
    assert found["free_calls_today"]["ours"]["left"] == 49
    assert found["credit"] is None
    (warning,) = found["warnings"]
    assert "OPENROUTER_API_KEY" in warning


@pytest.mark.parametrize("store", [None, "redis://127.0.0.1:9/0"])
def test_without_a_store_the_upstreams_half_is_shown(
    start: Start, limited: Simulator, store: str | None
) -> None:
    api = start(
        openrouter_base_url=limited.base_url, redis_url=store, free_calls_per_minute=20
    )
    answer = api.http.get("/account")
    assert answer.status_code == 200
    found = answer.json()
    assert found["limits"] is None
    assert found["free_calls_today"]["ours"]["used"] is None
    assert found["free_calls_today"]["theirs"]["limit"] == 50
    assert found["credit"]["used_usd"] == 0.0412
    (warning,) = found["warnings"]
    assert "REDIS_URL" in warning


async def test_a_plain_upstream_is_not_asked(start: Start) -> None:
    with saying(b"{}") as upstream:
        api = start(
            openrouter_base_url=upstream.url,
            upstream_kind="openai",
            max_calls_per_day=100,
        )
        await counted(api, 2, Limit("all", per_day=100))
        found = api.http.get("/account").json()
        assert upstream.asked == []
    assert [limit["calls_today"] for limit in found["limits"]] == [2]
    (warning,) = found["warnings"]
    assert "UPSTREAM_KIND" in warning


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (401, b'{"error": {"message": "User not found."}}', "answered 401, User not"),
        (404, b"{}", "no GET /key"),
        (503, b"", "answered 503"),
        (200, b"<html>", "no JSON"),
    ],
)
def test_why_the_upstream_says_nothing_is_a_sentence(
    start: Start, status: int, body: bytes, word: str
) -> None:
    with saying(body, status) as upstream:
        found = start(openrouter_base_url=upstream.url).http.get("/account").json()
    assert found["credit"] is None
    assert word in found["warnings"][0]


def test_who_is_asked_is_told_with_the_reason(start: Start, limited: Simulator) -> None:
    root = limited.base_url.removesuffix("/api/v1")
    for url, kind, dialect, decided_by in (
        (limited.base_url, "openrouter", "openrouter", "setting"),
        (limited.base_url, "auto", "openrouter", "models"),
        (f"{root}/v1", "auto", "openai", "models"),
        (root, "auto", "openai", "models"),
        ("http://127.0.0.1:9/v1", "auto", "openai", "guess"),
    ):
        api = start(openrouter_base_url=url, upstream_kind=kind)
        found = api.http.get("/account").json()
        told = found["upstream"]
        assert (told["dialect"], told["decided_by"]) == (dialect, decided_by)
        assert told["base_url"] == (f"{root}/v1" if url == root else url)
        assert told["words"].startswith(f"{told['base_url']} is asked as")
        said = [w for w in found["warnings"] if w.startswith((url, "OPENROUTER_BASE"))]
        assert len(said) == (decided_by == "guess" or url == root)


def test_many_who_poll_are_one_call_upstream(start: Start) -> None:
    with saying(b'{"data": {"usage": 1.5}}') as upstream:
        api = start(openrouter_base_url=upstream.url)
        with ThreadPoolExecutor(8) as pool:
            polls = [pool.submit(api.http.get, "/account") for _ in range(24)]
            bodies = [poll.result().json() for poll in polls]
        assert upstream.asked == [f"Bearer {CANARY}"]
    assert {body["credit"]["used_usd"] for body in bodies} == {1.5}


def test_an_upstream_that_masks_nothing_does_not_make_us_show_the_key(
    start: Start,
) -> None:
    with saying(json.dumps({"data": {"label": f"key {CANARY}"}}).encode()) as upstream:
        answer = start(openrouter_base_url=upstream.url).http.get("/account")
    assert CANARY not in answer.text
    assert answer.json()["label"] is None


def test_a_key_file_that_cannot_be_read_is_a_problem(
    start: Start, tmp_path: Path
) -> None:
    api = start(openrouter_api_key=None, openrouter_api_key_file=tmp_path / "no")
    problem(api.http.get("/account"), "misconfigured")


def test_the_example_is_a_body() -> None:
    example = AccountNow.model_json_schema()["example"]
    assert AccountNow.model_validate(example).model_dump() == example
