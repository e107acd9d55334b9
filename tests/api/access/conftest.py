"""An API that has tokens, in a store and a folder of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from shared.access import Scope, Token, mint, shown_once
from shared.clock import wall_s
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.client import connect_blocking
from tests.api.server import Api, serving

READ_RUN = (Scope.READ, Scope.RUN, Scope.CANCEL, Scope.CONTENT)


@dataclass(frozen=True)
class Held:
    """A token as who owns it has it, and a client that sends it."""

    token: Token
    text: str
    http: httpx.Client


Make = Callable[..., Held]


@pytest.fixture(scope="session")
def closed_config(
    config: Settings, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings of an API with tokens: another database, another folder."""
    folder = tmp_path_factory.mktemp("closed")
    url = f"{store_url.partition('?')[0]}?db=9"
    return config.model_copy(update={"redis_url": url, "results_dir": folder})


def put(settings: Settings, token: Token) -> None:
    """Keep it in the store, as the terminal does."""
    assert settings.redis_url
    with connect_blocking(settings.redis_url) as redis:
        redis.hset(keys.TOKENS, token.id, token.model_dump_json())


@pytest.fixture(scope="session")
def admin_text(closed_config: Settings) -> str:
    """The first token's."""
    token, secret = mint("root", [Scope.ADMIN], now=wall_s())
    put(closed_config, token)
    return shown_once(token, secret)


@pytest.fixture(scope="session")
def closed(closed_config: Settings, admin_text: str) -> Iterator[Api]:
    """An API with tokens; its client has none."""
    with serving(closed_config) as api:
        yield api


@pytest.fixture(scope="session")
def admin(closed: Api, admin_text: str) -> Iterator[httpx.Client]:
    """Who may do everything."""
    with client(closed, admin_text) as http:
        yield http


def client(api: Api, text: str) -> httpx.Client:
    """One that sends this token."""
    headers = {"Authorization": f"Bearer {text}"}
    return httpx.Client(base_url=api.url, trust_env=False, timeout=30, headers=headers)


@pytest.fixture
def make(closed: Api, admin: httpx.Client) -> Iterator[Make]:
    """A token of these scopes, made by the admin over HTTP."""
    held: list[Held] = []

    def made(*scopes: Scope, **more: object) -> Held:
        name = str(more.pop("name", f"token {len(held)} {wall_s()}"))
        body = {"name": name, "scopes": list(scopes or READ_RUN), **more}
        answer = admin.post("/tokens", json=body)
        assert answer.status_code == 201, answer.text
        said = answer.json()
        token = Token(
            id=said["id"],
            name=name,
            scopes=frozenset(said["scopes"]),
            sha256="",
            created_at=0,
        )
        held.append(Held(token, said["token"], client(closed, said["token"])))
        return held[-1]

    yield made
    for each in held:
        admin.delete(f"/tokens/{each.token.id}")
        each.http.close()
