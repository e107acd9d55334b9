"""A client of the events of a run, in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.api.client import Event, events
from tests.api.server import Api


class Following:
    """A client of the events, in the test's own loop."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> Event:
        """The next event; comments are passed over."""
        fields: list[str] = []
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line and not line.startswith(":"):
                    fields.append(line)
                elif not line and fields:
                    return next(events(iter([*fields, ""])))
        raise AssertionError("the stream ended")

    async def rest(self) -> list[Event]:
        """Everything to the end of the stream."""
        async with asyncio.timeout(30):
            lines = [line async for line in self._lines]
        return [event for event in events(iter(lines)) if event.name != "comment"]


@asynccontextmanager
async def following(
    api: Api, job_id: str, last_id: str | None = None
) -> AsyncIterator[Following]:
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    async with (
        httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=60) as http,
        http.stream("GET", f"/benchmark/{job_id}/events", headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Following(answer.aiter_lines())
