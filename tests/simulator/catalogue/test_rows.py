"""The catalogue, as a client reads it."""

from collections.abc import Callable

import httpx
import pytest

from simulator.config import Config
from simulator.faults import FAULTS
from tests.simulator.simulator_client import OPENROUTER, ask, catalogue_rows

Start = Callable[[Config], httpx.Client]

NO_KEY = {"authorization": ""}


def test_the_catalogue_has_a_row_of_every_kind(sim: httpx.Client) -> None:
    found = catalogue_rows(sim)
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
    assert "acme/finch-image" not in catalogue_rows(sim)
    assert set(catalogue_rows(sim, output_modalities="embeddings")) == {
        "globex/vector-small"
    }
    assert set(catalogue_rows(sim)) < set(catalogue_rows(sim, output_modalities="all"))


def test_pages_follow_each_other_by_their_links(sim: httpx.Client) -> None:
    found: list[str] = []
    url: str | None = "/api/v1/models?limit=4"
    while url is not None:
        page = sim.get(url).json()
        assert len(page["data"]) <= 4
        assert page["total_count"] == len(catalogue_rows(sim))
        found += [row["id"] for row in page["data"]]
        url = page["links"]["next"]
    assert found == list(catalogue_rows(sim))


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
    listed = catalogue_rows(start(Config(list_faults=True)))
    assert {f"fault/{name}" for name in FAULTS} < set(listed)


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
