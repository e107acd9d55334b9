"""The catalogue and the account, as a client reads them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulator.config import Config
from simulator.faults import FAULTS
from tests.simulator.simulator_client import OPENROUTER, ask, fault_header, last_record

Start = Callable[[Config], httpx.Client]
NO_KEY = {"authorization": ""}


def rows(sim: httpx.Client, **query: str) -> dict[str, Any]:
    reply = sim.get("/api/v1/models", params=query, headers=NO_KEY)
    assert reply.headers["cache-control"].startswith("public, max-age=120")
    return {row["id"]: row for row in reply.json()["data"]}


def test_the_catalogue_has_a_row_of_every_kind(sim: httpx.Client) -> None:
    found = rows(sim)
    assert found["openrouter/auto"]["pricing"]["prompt"] == "-1"
    assert found["openrouter/auto"]["top_provider"]["context_length"] is None
    music = found["acme/tuba-music-preview"]
    assert (music["pricing"]["prompt"], music["architecture"]["output_modalities"]) == (
        "0",
        ["text", "audio"],
    )
    assert found["acme/orca-pro"]["reasoning"]["mandatory"] is True
    assert found["acme/orca-pro"]["pricing"]["overrides"][0]["prompt"] == "0.000005"
    assert found["globex/heron-1b:free"]["expiration_date"] == "2026-01-31"
    assert "acme/orca-content-safety:free" in found
    assert found["umbra/night-alpha"]["pricing"] == {"prompt": "0", "completion": "0"}
    assert found["~acme/orca-latest"]["alias_target"]["slug"] in found
    assert "image" in found["globex/lynx-vision"]["architecture"]["input_modalities"]
    orca = found["acme/orca-70b-instruct:free"]
    assert orca["top_provider"]["max_completion_tokens"] is None
    assert orca["top_provider"]["context_length"] < orca["context_length"]
    paid = found["acme/orca-70b-instruct"]
    assert orca["canonical_slug"] == paid["canonical_slug"]
    assert paid["pricing"]["prompt"] == "0.00000012"


def test_models_without_text_are_listed_when_asked_for(sim: httpx.Client) -> None:
    assert "acme/finch-image" not in rows(sim)
    assert set(rows(sim, output_modalities="embeddings")) == {"globex/vector-small"}
    assert set(rows(sim)) < set(rows(sim, output_modalities="all"))


def test_pages_follow_each_other_by_their_links(sim: httpx.Client) -> None:
    found: list[str] = []
    url: str | None = "/api/v1/models?limit=4"
    while url is not None:
        page = sim.get(url).json()
        assert len(page["data"]) <= 4
        assert page["total_count"] == len(rows(sim))
        found += [row["id"] for row in page["data"]]
        url = page["links"]["next"]
    assert found == list(rows(sim))


@pytest.mark.parametrize("query", ["output_modalities=smell", "limit=many"])
def test_a_bad_parameter_is_answered_in_the_other_error_shape(
    sim: httpx.Client, query: str
) -> None:
    reply = sim.get(f"/api/v1/models?{query}")
    assert reply.status_code == 400
    assert reply.json()["error"]["name"] == "ZodError"


def test_a_single_model_is_found_by_id_alias_and_dated_slug(sim: httpx.Client) -> None:
    def found(path: str) -> str:
        return str(sim.get(f"/api/v1/model/{path}").json()["data"]["id"])

    assert found("acme/swift-8b:free") == "acme/swift-8b:free"
    assert found("~acme/orca-latest") == "acme/orca-70b-instruct"
    assert found("acme/orca-pro-20260811") == "acme/orca-pro"
    assert sim.get("/api/v1/model/no/such").status_code == 404


def test_endpoints_tell_prices_to_all_and_speed_to_key_holders(
    sim: httpx.Client,
) -> None:
    path = "/api/v1/models/acme/orca-70b-instruct/endpoints"
    strangers = sim.get(path, headers=NO_KEY).json()["data"]["endpoints"]
    known = sim.get(path).json()["data"]["endpoints"]
    assert [e["tag"] for e in known] == ["harbor/fp8", "kestrel/bf16", "meridian/int4"]
    assert [e["latency_last_30m"] for e in strangers] == [None] * 3
    assert known[1]["latency_last_30m"]["p50"] == pytest.approx(0.26 * 0.6 * 1000)
    assert known[1]["pricing"]["prompt"] == "0.00000036"
    gone = sim.get("/api/v1/models/globex/heron-1b:free/endpoints").json()
    assert gone["data"]["endpoints"] == []


@pytest.mark.parametrize(
    ("model", "status"),
    [
        ("globex/heron-1b:free", 404),
        ("globex/inkwell:free", 403),
        ("acme/finch-image", 404),
        ("acme/orca-content-safety:free", 200),
        ("umbra/night-alpha", 200),
    ],
)
def test_odd_rows_answer_as_oddly_as_they_look(
    sim: httpx.Client, model: str, status: int
) -> None:
    assert sim.post(OPENROUTER, json=ask(model)).status_code == status


def test_faults_are_listed_when_the_server_is_told_to(start: Start) -> None:
    listed = rows(start(Config(list_faults=True)))
    assert {f"fault/{name}" for name in FAULTS} < set(listed)


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
    assert sim.get("/api/v1/models/count").json()["data"]["count"] == len(rows(sim))


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


def test_browsers_may_read_everything(sim: httpx.Client) -> None:
    asked = sim.options("/api/v1/chat/completions")
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (
        204,
        "*",
    )
    reply = sim.post(OPENROUTER, json=ask())
    assert reply.headers["access-control-allow-origin"] == "*"


def test_the_plain_catalogue_lists_who_can_chat(sim: httpx.Client) -> None:
    listed = sim.get("/v1/models", headers=NO_KEY).json()
    ids = [row["id"] for row in listed["data"]]
    assert listed["object"] == "list"
    assert "acme/swift-8b" in ids
    assert "openrouter/auto" not in ids
    assert "acme/finch-image" not in ids
