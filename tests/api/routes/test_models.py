"""GET /models over a real socket."""

import socket
import time
from typing import Any

import pytest

from tests.api.client import problem
from tests.api.server import Api, Start
from tests.children import Simulator, simulator


def test_it_lists_free_text_models_by_default(api: Api) -> None:
    answer = api.http.get("/models")
    assert answer.status_code == 200
    assert list(answer.json()) == ["models"]
    names = answer.json()["models"]
    assert "acme/swift-8b:free" in names
    assert all(name.endswith(":free") for name in names)
    assert not any("content-safety" in name for name in names)
    assert int(answer.headers["age"]) >= 0
    assert "warning" not in answer.headers


def test_all_has_paid_models_too(api: Api) -> None:
    names = api.http.get("/models?filter=all").json()["models"]
    assert {"acme/orca-pro", "acme/swift-8b:free"} <= set(names)


def test_the_default_filter_is_a_setting(start: Start) -> None:
    names = start(models_filter="all").http.get("/models").json()["models"]
    assert "acme/orca-pro" in names


def test_details_have_context_and_prices_per_million(api: Api) -> None:
    found = api.http.get("/models?filter=all&details=true").json()["models"]
    rows: dict[str, Any] = {row["id"]: row for row in found}
    orca = rows["acme/orca-pro"]
    assert orca["name"]
    assert orca["context_length"] > 0
    # "0.0000025" USD a token
    assert orca["prompt_usd_per_million"] == 2.5
    assert rows["acme/swift-8b:free"]["completion_usd_per_million"] == 0


def test_another_filter_is_refused_by_name(api: Api) -> None:
    body = problem(api.http.get("/models?filter=cheap"), "invalid")
    assert body["errors"][0]["field"] == "filter"


def test_it_starts_without_an_upstream_and_says_so(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = start(openrouter_base_url=f"http://127.0.0.1:{port}/api/v1")
    assert api.http.get("/health").status_code == 200
    answer = api.http.get("/models")
    assert answer.status_code == 503
    assert "OPENROUTER_BASE_URL" in problem(answer, "no-catalogue")["detail"]
    assert answer.headers["retry-after"]


def test_the_last_list_is_served_with_its_age_when_the_upstream_goes(
    start: Start,
) -> None:
    with simulator() as sim:
        api = start(openrouter_base_url=sim.base_url, models_refresh_s=0.1)
        listed = api.http.get("/models").json()
    deadline = time.monotonic() + 30
    while "warning" not in (answer := api.http.get("/models")).headers:
        assert time.monotonic() < deadline, "it never said that its list is old"
        time.sleep(0.05)
    assert answer.status_code == 200
    assert answer.json() == listed


def test_the_providers_of_a_model_are_told_with_prices_and_figures(api: Api) -> None:
    found = api.http.get("/models/acme/orca-70b-instruct/providers").json()
    assert found["model"] == "acme/orca-70b-instruct"
    slugs = [one["slug"] for one in found["providers"]]
    assert len(slugs) == len(set(slugs)) > 1
    first = found["providers"][0]
    # "0.00000012" USD a token
    assert first["prompt_usd_per_million"] == 0.12
    assert first["quantization"] == (first["slug"].partition("/")[2] or None)
    assert first["uptime_last_30m_percent"] == 99.41
    assert first["uptime_last_1d_percent"] is None
    # the simulator tells 1.0, 1.2, 1.5 and 2.2 times the median, in milliseconds
    ttft = first["ttft_s_last_30m"]
    assert 0.02 <= ttft["p50"] < 1
    assert ttft["p99"] == pytest.approx(2.2 * ttft["p50"], rel=0.01)
    assert first["tokens_per_s_last_30m"]["p50"] > 1


def test_an_unknown_model_has_no_providers_and_near_names_are_told(api: Api) -> None:
    body = problem(api.http.get("/models/acme/orca-pr/providers"), "no-such-model")
    assert body["suggestions"][0] == "acme/orca-pro"
    for odd in ("nobody", "..%2Fkey", "a/b/c/d"):
        problem(api.http.get(f"/models/{odd}/providers"), "no-such-model")


def test_a_plain_server_says_that_it_tells_no_providers(
    sim: Simulator, start: Start
) -> None:
    plain = sim.base_url.replace("/api/v1", "/v1")
    api = start(openrouter_base_url=plain, upstream_kind="openai")
    answer = api.http.get("/models/acme/swift-8b:free/providers")
    assert answer.status_code == 501
    assert "UPSTREAM_KIND" in problem(answer, "no-providers")["detail"]
