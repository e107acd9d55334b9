"""GET /models over a real socket."""

import socket
import time
from typing import Any

from tests.api.client import problem
from tests.api.server import Api, Start
from tests.children import simulator


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
