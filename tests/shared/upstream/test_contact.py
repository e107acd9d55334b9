"""Who the upstream is: by its setting, its host, what it lists, or how it sounds."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic_core import to_json

from shared.errors import CatalogueDown
from shared.money.limits import Limit, account_of, limits_of
from shared.settings.settings import Settings
from shared.upstream.connect import dialect_of, wire_of
from shared.upstream.contact import Contact
from shared.upstream.model import like_openrouter

MIRROR = {"data": [{"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0"}}]}
PLAIN = {"object": "list", "data": [{"id": "qwen", "object": "model"}]}
REFUSAL = {"error": {"message": "Invalid proxy server token passed."}}


class Server:
    """Answers GETs by path, others with 404 and FastAPI's body."""

    def __init__(self, pages: dict[str, Any], status: int = 404) -> None:
        self.pages, self.status = pages, status
        self.asked: list[str] = []
        self.port = 0

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        self.asked.append(path)
        page = self.pages.get(path)
        body = to_json(page or {"detail": "Not Found"})
        status = self.status if page is None or page is REFUSAL else 200
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(pages: dict[str, Any], status: int = 404) -> AsyncIterator[Server]:
    found = Server(pages, status)
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


@asynccontextmanager
async def contact(base_url: str, **more: Any) -> AsyncIterator[Contact]:
    given = {"openrouter_base_url": base_url, "openrouter_api_key": "sk-x", **more}
    settings = Settings.model_validate(given)
    wire = wire_of(settings)
    found = Contact(wire, settings)
    yield found
    await found.close()
    await wire.aclose()


@pytest.mark.parametrize(
    ("pages", "path", "dialect", "words"),
    [
        ({"/gw/v1/models": MIRROR}, "/gw/v1", "openrouter", "has prices per token"),
        ({"/v1/models": PLAIN}, "/v1", "openai", "has no prices per token"),
        ({"/openrouter/v1/models": PLAIN}, "/openrouter/v1", "openai", "has no prices"),
    ],
)
async def test_what_it_lists_decides_and_is_asked_once(
    pages: dict[str, Any], path: str, dialect: str, words: str
) -> None:
    async with (
        serving(pages) as server,
        contact(f"http://127.0.0.1:{server.port}{path}") as ours,
    ):
        for _ in range(3):
            settings = await ours.meet()
        assert server.asked == [f"{path}/models"]
        found = settings.upstream
    assert (found.dialect, found.decided_by) == (dialect, "models")
    assert words in found.words()
    assert found.warning() is None
    assert (dialect_of(settings).__name__ or "").endswith(dialect)
    free = (Limit("free", per_minute=20),) if dialect == "openrouter" else ()
    assert limits_of("a/b:free", settings) == free


@pytest.mark.parametrize(
    ("settings", "dialect", "decided_by"),
    [
        ({"openrouter_base_url": "https://openrouter.ai/api/v1"}, "openrouter", "host"),
        (
            {"openrouter_base_url": "https://eu.openrouter.ai/api/v1"},
            "openrouter",
            "host",
        ),
        (
            {"openrouter_base_url": "http://127.0.0.1:9/v1", "upstream_kind": "openai"},
            "openai",
            "setting",
        ),
        (
            {"openrouter_base_url": "https://openrouter.ai.evil.test/v1"},
            "openrouter",
            "guess",
        ),
        ({"openrouter_base_url": "http://127.0.0.1:9/v1"}, "openai", "guess"),
    ],
)
def test_a_setting_and_openrouters_own_host_need_no_question(
    settings: dict[str, str], dialect: str, decided_by: str
) -> None:
    found = Settings.model_validate(settings).upstream
    assert (found.dialect, found.decided_by) == (dialect, decided_by)


async def test_while_it_lists_nothing_its_address_is_the_guess_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving({}, status=503) as server:
        url = f"http://127.0.0.1:{server.port}/openrouter/v1"
        async with contact(url) as ours:
            with caplog.at_level(logging.WARNING):
                settings = await ours.meet()
            asked = len(server.asked)
            await ours.meet()
            assert len(server.asked) == asked, "not again within some seconds"
            server.pages["/openrouter/v1/models"] = PLAIN
            ours._again_s = 0.0  # which are over
            later = await ours.meet()
    assert settings.speaks_openrouter
    assert settings.upstream.decided_by == "guess"
    assert "UPSTREAM_KIND" in (settings.upstream.warning() or "")
    assert "it has not listed its models yet" in caplog.text
    assert (later.upstream.dialect, later.upstream.decided_by) == ("openai", "models")


@pytest.mark.parametrize("kind", ["auto", "openai"])
async def test_a_missing_v1_is_found_used_and_said(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving({"/v1/models": PLAIN}) as server,
        contact(f"http://127.0.0.1:{server.port}", upstream_kind=kind) as ours,
    ):
        before = account_of(ours.settings)
        settings = await ours.meet()
        assert server.asked == ["/models", "/v1/models"]
        await ours.catalogue.load()
        assert server.asked[2:] == ["/v1/models"]
    whole = f"http://127.0.0.1:{server.port}/v1"
    assert settings.openrouter_base_url == whole
    assert f"{whole} has: that is asked. Write it so." in caplog.text
    assert settings.upstream.moved
    assert account_of(settings) == before, "what was counted is kept"


async def test_an_address_without_v1_that_lists_its_models_stays() -> None:
    async with (
        serving({"/models": PLAIN, "/v1/models": PLAIN}) as server,
        contact(f"http://127.0.0.1:{server.port}") as ours,
    ):
        settings = await ours.meet()
    assert settings.openrouter_base_url == f"http://127.0.0.1:{server.port}"
    assert not settings.upstream.moved


@pytest.mark.parametrize(
    ("pages", "status", "sentence"),
    [
        (
            {"/v1/models": REFUSAL},
            401,
            "status 401, Invalid proxy server token passed.*OPENROUTER_API_KEY",
        ),
        ({}, 404, "status 404, Not Found.*mostly ends with /v1"),
        ({"/v1/models": REFUSAL}, 503, "status 503, Invalid proxy.*and the network"),
    ],
)
async def test_why_it_lists_nothing_is_in_its_own_words(
    pages: dict[str, Any], status: int, sentence: str
) -> None:
    async with (
        serving(pages, status) as server,
        contact(f"http://127.0.0.1:{server.port}/v1") as ours,
    ):
        with pytest.raises(CatalogueDown, match=sentence):
            await ours.catalogue.models()


@pytest.mark.parametrize(
    ("pricing", "is_like"),
    [
        ({"prompt": "0.0000025", "completion": "0.00001"}, True),
        ({"prompt": "0", "completion": "0"}, True),
        ({"prompt": "-1", "completion": "-1"}, True),
        ({"prompt": None, "completion": "0.00001"}, True),
        ({"prompt": 0.2, "completion": 0.6}, False),  # of a million tokens, elsewhere
        ({"prompt": "0.2", "completion": "0.6"}, False),
        ({"input": "0.0000025", "output": "0.00001"}, False),
        ({"prompt": "free", "completion": "free"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_openrouters_form_is_a_decimal_string_of_one_token(
    pricing: object, is_like: bool
) -> None:
    assert like_openrouter(
        {"data": [{"id": "a"}, {"id": "b", "pricing": pricing}]}
    ) is (is_like)


def test_regions_of_openrouter_are_one_account() -> None:
    one, other = (
        account_of(Settings(openrouter_base_url=f"https://{host}/api/v1"))
        for host in ("openrouter.ai", "eu.openrouter.ai")
    )
    assert one == other


def test_free_limits_are_kept_wherever_openrouter_is_spoken_or_off() -> None:
    mirror = {"openrouter_base_url": "http://127.0.0.1:9/v1"}
    mirror["upstream_kind"] = "openrouter"
    kept = Settings.model_validate(mirror)
    assert limits_of("a/b:free", kept) == (Limit("free", per_minute=20),)
    off = Settings.model_validate(mirror | {"free_limits": "off"})
    assert limits_of("a/b:free", off) == ()
    own = Settings.model_validate(
        mirror | {"free_limits": "off", "free_calls_per_day": "7"}
    )
    assert limits_of("a/b:free", own) == (Limit("free", per_day=7),)


async def test_a_missing_v1_is_found_also_where_the_key_is_refused_there() -> None:
    async with (
        serving({"/v1/models": REFUSAL}) as server,
        contact(f"http://127.0.0.1:{server.port}") as ours,
    ):
        server.status = 401
        server.pages["/models"] = {"detail": "no list"}
        settings = await ours.meet()
    assert settings.openrouter_base_url == f"http://127.0.0.1:{server.port}/v1"
    assert settings.upstream.decided_by == "guess"


async def test_a_listing_that_came_late_is_heeded_at_once() -> None:
    async with (
        serving({}, status=503) as server,
        contact(f"http://127.0.0.1:{server.port}/v1") as ours,
    ):
        assert (await ours.meet()).upstream.decided_by == "guess"
        server.pages["/v1/models"] = MIRROR
        await ours.catalogue.load()  # which somebody else has asked for
        settings = await ours.meet()
    assert (settings.speaks_openrouter, settings.upstream.decided_by) == (
        True,
        "models",
    )
