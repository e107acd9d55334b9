"""A worker's /metrics on a real socket."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from worker.telemetry import scrape


@pytest.fixture
def registry() -> CollectorRegistry:
    """Two metrics, each with more lines than one slice."""
    registry = CollectorRegistry()
    calls = Counter("calls", "Of whom.", ["target"], registry=registry)
    times = Histogram("seconds", "How long.", ["target"], registry=registry)
    for n in range(100):
        calls.labels(f"m{n}").inc(n)
        times.labels(f'"{n}"\n').observe(n)
    return registry


@pytest.fixture
async def url(registry: CollectorRegistry) -> AsyncIterator[str]:
    server = await scrape.serve("127.0.0.1", 0, registry.collect)
    assert server is not None
    yield "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    server.close()


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_slices_make_the_text_that_the_library_makes(
    http: httpx.AsyncClient, registry: CollectorRegistry
) -> None:
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.content == generate_latest(registry)
    read = {f.name: len(f.samples) for f in text_string_to_metric_families(answer.text)}
    assert read["calls"] == 100


async def test_the_loop_goes_on_between_two_slices(registry: CollectorRegistry) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    body = await scrape.text(registry.collect())
    turning.cancel()
    assert turns >= body.count(b"\n") / 32


async def test_other_paths_and_methods_are_told_what_there_is(
    http: httpx.AsyncClient,
) -> None:
    assert (await http.get("/")).status_code == 404
    refused = await http.post("/metrics")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert (await http.get("/metrics?name=calls")).status_code == 200


@pytest.mark.parametrize(
    "sent", [b"", b"nonsense\r\n\r\n", b"GET", b"x" * 100_000], ids=repr
)
async def test_who_speaks_no_http_costs_nothing(
    http: httpx.AsyncClient, url: str, sent: bytes
) -> None:
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(10):
        with suppress(ConnectionError):  # more was sent than is read
            await reader.read()
    writer.close()
    assert (await http.get("/metrics")).status_code == 200


async def test_who_only_holds_connections_is_left_and_room_is_made_again(
    url: str, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrape, "_EXCHANGE_S", 0.3)
    port = int(url.rpartition(":")[2])
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    async with asyncio.timeout(10):
        for reader, writer in held:
            assert await reader.read() == b""
            writer.close()
    monkeypatch.setattr(scrape, "_EXCHANGE_S", 30.0)
    assert (await http.get("/metrics")).status_code == 200


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_port_that_is_taken_is_said_and_no_reason_to_end(
    taken: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await scrape.serve("127.0.0.1", taken, tuple) is None
    assert f"METRICS_PORT={taken}" in caplog.text
    assert "METRICS_PORT=0" in caplog.text


async def test_a_free_port_is_told_by_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server = await scrape.serve("127.0.0.1", 0, tuple)
    assert server is not None
    port = server.sockets[0].getsockname()[1]
    server.close()
    assert f"metrics at http://127.0.0.1:{port}/metrics" in caplog.text
