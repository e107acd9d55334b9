"""The list of models as it is kept: loaded, aged, paged, and served as it was."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

import httpx
import pytest
from pydantic_core import to_json

from shared.errors import CatalogueDown
from shared.settings.settings import Settings
from shared.upstream.catalogue import (
    Catalogue,
)
from shared.upstream.model import Model, models_of

TODAY = date(2026, 11, 23)
DENY = Settings(_env_file=None).models_deny
TEXT = {"input_modalities": ["text"], "output_modalities": ["text"]}
FREE = {"prompt": "0", "completion": "0"}
PAID = {"prompt": "0.000001", "completion": "0.000002"}


def row(model_id: str, pricing: dict | None = None, **more: object) -> dict:
    listed = {"id": model_id, "architecture": TEXT} | more
    return listed if pricing is None else listed | {"pricing": pricing}


ROWS = [
    row("acme/orca-70b:free", FREE, canonical_slug="acme/orca-70b-20260811"),
    row("acme/orca-70b", PAID, canonical_slug="acme/orca-70b-20260811"),
    row("acme/Content-Safety-2:free", FREE),
    row("acme/gone:free", FREE, expiration_date="2026-11-01"),
    row("acme/tuba", PAID, architecture=TEXT | {"output_modalities": ["audio"]}),
    row("openrouter/auto", {"prompt": "-1", "completion": "-1"}),
    row("~acme/orca-latest", PAID),
]
MODELS = models_of(ROWS)


def ids(models: tuple[Model, ...]) -> list[str]:
    return [model.id for model in models]


class Upstream:
    """Answers each GET from `pages`, by path with query, with 200 or `fail`."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {"/api/v1/models": {"data": ROWS}}
        self.asked: list[str] = []
        self.fail: int | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        path = asked.split(b" ", 2)[1].decode()
        self.asked.append(path)
        await self.open.wait()
        page = self.pages.get(path)
        body = page if isinstance(page, bytes) else to_json(page)
        status = self.fail or 200
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


Made = tuple[Catalogue, Upstream, Clock]


@asynccontextmanager
async def serving(upstream: Upstream) -> AsyncIterator[str]:
    server = await asyncio.start_server(upstream.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}/api/v1"


@pytest.fixture
async def made() -> AsyncIterator[Made]:
    upstream, clock = Upstream(), Clock()
    async with (
        serving(upstream) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        catalogue = Catalogue(client, refresh_s=600, now_s=clock)
        yield catalogue, upstream, clock
        await catalogue.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.005)


async def test_the_first_question_loads_and_later_ones_do_not(made: Made) -> None:
    catalogue, upstream, clock = made
    assert catalogue.age_s is None
    assert ids(await catalogue.models()) == ids(MODELS)
    clock.at_s += 599
    await catalogue.models()
    assert upstream.asked == ["/api/v1/models"]
    assert (catalogue.age_s, catalogue.stale) == (599, False)


async def test_callers_at_once_share_one_load(made: Made) -> None:
    catalogue, upstream, _ = made
    await asyncio.gather(*(catalogue.models() for _ in range(5)))
    assert len(upstream.asked) == 1


async def test_an_old_listing_is_served_while_a_new_one_loads(made: Made) -> None:
    catalogue, upstream, clock = made
    await catalogue.models()
    clock.at_s += 600
    upstream.pages["/api/v1/models"] = {"data": [{"id": "new"}]}
    upstream.open.clear()
    for _ in range(3):
        assert ids(await catalogue.models()) == ids(MODELS)
    upstream.open.set()

    async def is_new() -> bool:
        return ids(await catalogue.models()) == ["new"]

    await until(is_new)
    assert len(upstream.asked) == 2
    assert catalogue.age_s == 0


@pytest.mark.parametrize("fault", ["status", "html", "no list"])
async def test_the_last_listing_is_served_while_the_upstream_is_away(
    made: Made, fault: str
) -> None:
    catalogue, upstream, clock = made
    await catalogue.models()
    clock.at_s += 700
    if fault == "status":
        upstream.fail = 503
    else:
        page: object = b"<html>" if fault == "html" else {"detail": "no"}
        upstream.pages["/api/v1/models"] = page
    with pytest.raises(CatalogueDown):
        await catalogue.load()
    assert ids(await catalogue.models()) == ids(MODELS)
    assert (catalogue.age_s, catalogue.stale) == (700, True)
    clock.at_s += 14
    await catalogue.models()
    await asyncio.sleep(0.05)  # a load that had begun would have asked by now
    assert len(upstream.asked) == 2
    clock.at_s += 1
    await catalogue.models()

    async def is_asked_again() -> bool:
        return len(upstream.asked) == 3

    await until(is_asked_again)


async def test_without_any_listing_the_reason_is_told(made: Made) -> None:
    catalogue, upstream, _ = made
    upstream.fail = 500
    upstream.pages["/api/v1/models"] = b"<html><title>Oh</title>"
    with pytest.raises(CatalogueDown, match=r"status 500, an HTML page: Oh.*BASE_URL"):
        await catalogue.models()
    upstream.fail = None
    upstream.pages["/api/v1/models"] = {"data": ROWS}
    assert ids(await catalogue.models()) == ids(MODELS)


async def test_nobody_listening_is_a_sentence_too() -> None:
    async with serving(Upstream()) as url:
        pass
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        with pytest.raises(CatalogueDown, match="gave no list of models"):
            await Catalogue(client, refresh_s=600).models()


async def test_pages_are_followed_to_the_last(made: Made) -> None:
    catalogue, upstream, _ = made
    second = "/api/v1/models?offset=1&limit=1"
    upstream.pages = {
        "/api/v1/models": {"data": [{"id": "a"}], "links": {"next": second}},
        second: {"data": [{"id": "b"}], "links": {"next": None}, "total_count": 2},
    }
    assert ids(await catalogue.models()) == ["a", "b"]
    assert upstream.asked == ["/api/v1/models", second]


async def test_a_page_at_another_host_is_not_followed(made: Made) -> None:
    catalogue, upstream, _ = made
    elsewhere = "https://evil.test/api/v1/models"
    upstream.pages["/api/v1/models"] = {"data": [], "links": {"next": elsewhere}}
    with pytest.raises(CatalogueDown, match=r"another host, evil\.test"):
        await catalogue.models()


async def test_pages_without_an_end_end(made: Made) -> None:
    catalogue, upstream, _ = made
    upstream.pages["/api/v1/models"] = {
        "data": [{"id": "a"}],
        "links": {"next": "/api/v1/models"},
    }
    assert ids(await catalogue.models()) == ["a"]
    assert len(upstream.asked) == 100


async def test_a_caller_who_leaves_does_not_end_the_load(made: Made) -> None:
    catalogue, upstream, _ = made
    upstream.open.clear()
    first = asyncio.create_task(catalogue.models())

    async def is_asked() -> bool:
        return len(upstream.asked) == 1

    await until(is_asked)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    upstream.open.set()
    assert ids(await catalogue.models()) == ids(MODELS)
    assert len(upstream.asked) == 1


async def test_models_are_known_by_id_slug_suffix_alias_and_router(made: Made) -> None:
    catalogue, _, _ = made
    assert not catalogue.knows("acme/orca-70b")
    await catalogue.models()
    for known in (
        "acme/orca-70b",
        "acme/orca-70b:free",
        "acme/orca-70b:nitro",
        "acme/orca-70b-20260811",
        "~acme/any-latest",
        "openrouter/free",
    ):
        assert catalogue.knows(known), known
    for unknown in ("acme/orca", "acme/orca-70b:beta", "acme/orca-70b:free:x", ""):
        assert not catalogue.knows(unknown), unknown


async def test_a_dated_slug_is_the_paid_row(made: Made) -> None:
    catalogue, upstream, _ = made
    upstream.pages["/api/v1/models"] = {"data": [ROWS[1], ROWS[0]]}
    await catalogue.models()
    found = catalogue.find("acme/orca-70b-20260811")
    assert found is not None
    assert found.id == "acme/orca-70b"


async def test_an_id_is_quoted_in_the_path_of_its_endpoints(made: Made) -> None:
    catalogue, upstream, _ = made
    await catalogue.models()
    for model in ("@cf/qwen 2.5?x#y", "../../key"):
        (row,) = models_of([{"id": model}])
        path = "/api/v1/models/%40cf/qwen%202.5%3Fx%23y/endpoints"
        upstream.pages[path] = {"data": {"endpoints": [{"tag": "harbor"}]}}
        found = await catalogue.endpoints(row.id)
        assert [one.tag for one in found or ()] == ["harbor"] * (model[0] == "@")
    assert upstream.asked == ["/api/v1/models", path]
