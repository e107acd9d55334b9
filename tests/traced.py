"""A stack of real processes that trace, and the collector that they tell."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from shared.process import tied
from shared.sample import Sample, decode
from shared.store import embedded
from shared.store.client import connect_blocking
from shared.store.run import samples
from tests.children import Simulator, until, workers
from tests.collector import Collector, Told, collecting

SWIFT, BUSY = "acme/swift-8b:free", "fault/rate-limited-upstream"
PROMPT = "A secret of mine."


@contextmanager
def an_api(folder: Path, env: dict[str, str]) -> Iterator[httpx.Client]:
    """The API as a process of its own."""
    out = folder / "api.out"
    with out.open("wb") as file:
        child = subprocess.Popen(
            tied([sys.executable, "-m", "api", "--port", "0"]),
            env={**os.environ, **env},
            stdout=file,
            stderr=file,
        )
    try:
        url = None
        while url is None:
            assert child.poll() is None, out.read_text()
            url = re.search(r"ready (http://\S+)", out.read_text())
        with httpx.Client(base_url=url[1], trust_env=False, timeout=60) as http:
            yield http
    finally:
        child.terminate()
        child.wait(30)


@dataclass
class Stack:
    """An API, a worker, an upstream and a collector."""

    http: httpx.Client
    upstream: Simulator
    collector: Collector
    store_url: str

    def post(self, path: str, traceparent: str | None, **body: Any) -> dict[str, Any]:
        headers = {"Prefer": "wait=60"}
        if traceparent is not None:
            headers["traceparent"] = traceparent
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def benchmark(self, traceparent: str | None, *models: str) -> str:
        """One that has ended, of three calls to each model; its id."""
        said = self.post(
            "/benchmark",
            traceparent,
            targets=[{"model": model} for model in models or (SWIFT,)],
            prompts={"prompts": [PROMPT]},
            runs=3,
            load={"concurrency": 2},
        )
        assert said["status"] == "done", said
        job_id: str = said["job_id"]
        return job_id

    def rows(self, job_id: str) -> list[Sample]:
        with connect_blocking(self.store_url) as store:
            return [decode(row) for row in samples.rows(store, job_id)]

    def sent(self, trace: str) -> list[str]:
        """The `traceparent` of each call upstream that is in this trace."""
        found = (call["traceparent"] for call in self.upstream.ledger())
        return [said for said in found if said and trace in said]

    async def spans(self, trace: str, name: str, n: int) -> list[Told]:
        """The `n` spans of this name in this trace; fails when they do not come."""

        def those() -> list[Told]:
            return [s for s in self.collector.named(name) if s.trace == trace]

        async def told() -> bool:
            return len(those()) >= n

        await until(told, f"{n} spans {name!r}")
        assert len(those()) == n
        return those()


@contextmanager
def a_stack(
    upstream: Simulator, folder: Path, *, api: bool, worker: bool
) -> Iterator[Stack]:
    """With a store of its own. api, worker: whether it traces."""
    with ExitStack() as parts:
        store = embedded.start(folder / "store")
        parts.callback(store.stop)
        collector = parts.enter_context(collecting())
        fleet = parts.enter_context(workers(store.url, upstream.base_url, folder))
        on = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        fleet.start(**(on if worker else {}))
        with an_api(folder, fleet.env | (on if api else {})) as http:
            yield Stack(http, upstream, collector, store.url)
        assert fleet.stop() == [0]


def a_caller(flags: str = "01") -> tuple[str, str, str]:
    """(trace, span, traceparent) of somebody who calls us."""
    trace, span = uuid4().hex, uuid4().hex[:16]
    return trace, span, f"00-{trace}-{span}-{flags}"
