"""A server without a token is open to its own machine, and to others where that is
said; with the first token it is closed for good."""

from pathlib import Path

import httpx
import pytest

from api.access.credentials import is_near
from api.main import create_app
from shared.access import is_closed, mark_closed
from shared.errors import Misconfigured
from shared.settings.settings import Settings
from shared.startup.reach import check_closed, is_loopback
from tests.api.client import problem
from tests.api.server import Api, Start


async def asked(settings: Settings, client: str) -> httpx.Response:
    """What a client at this address is answered."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as http,
    ):
        return await http.get("/openapi.json")


async def test_other_machines_are_refused_by_an_open_server(tmp_path: Path) -> None:
    settings = Settings(results_dir=tmp_path, openrouter_base_url="http://127.0.0.1:1")
    problem(await asked(settings, "10.0.0.7"), "closed")
    assert (await asked(settings, "127.0.0.1")).is_success
    assert (await asked(settings, "::1")).is_success
    may = settings.model_copy(update={"allow_open": True})
    assert (await asked(may, "10.0.0.7")).is_success


def test_an_address_that_is_none_is_not_near() -> None:
    for client in (None, ("", 1), ("localhost", 1), ("unix:", 0)):
        assert not is_near({"client": client})


async def test_a_store_that_was_emptied_opens_nothing(tmp_path: Path) -> None:
    settings = Settings(results_dir=tmp_path, openrouter_base_url="http://127.0.0.1:1")
    mark_closed(tmp_path)
    problem(await asked(settings, "127.0.0.1"), "no-token")


def test_the_first_token_closes_the_server(start: Start, config: Settings) -> None:
    url = f"{(config.redis_url or '').partition('?')[0]}?db=8"
    folder = config.results_dir / "first"
    api: Api = start(redis_url=url, results_dir=folder)
    assert api.http.get("/benchmark").is_success
    made = api.http.post("/tokens", json={"name": "root", "scopes": ["admin"]}).json()
    problem(api.http.get("/benchmark"), "no-token")
    assert is_closed(folder)
    who = {"Authorization": f"Bearer {made['token']}"}
    assert api.http.get("/benchmark", headers=who).is_success
    assert api.http.delete(f"/tokens/{made['id']}", headers=who).status_code == 204
    problem(api.http.get("/benchmark"), "no-token")


@pytest.mark.parametrize(
    ("host", "near"),
    [
        *(("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.9.9.9", True)),
        *(("0.0.0.0", False), ("::", False), ("10.0.0.7", False), ("", False)),
    ],
)
def test_which_hosts_let_others_in(host: str, near: bool, tmp_path: Path) -> None:
    assert is_loopback(host) is near
    settings = Settings(results_dir=tmp_path)
    if near:
        check_closed(host, settings)
        return
    with pytest.raises(Misconfigured, match="llmbench token create"):
        check_closed(host, settings)
    check_closed(host, settings.model_copy(update={"allow_open": True}))
    mark_closed(tmp_path)
    check_closed(host, settings)
