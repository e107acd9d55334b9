"""What tests of the API say often: submit, read events, play the worker."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from redis.asyncio import Redis

from shared import archive
from shared.plan import steps
from shared.run import Ending
from shared.sample import Kind, Outcome, Sample, encode
from shared.store import keys, workers
from shared.store.client import connect
from shared.store.run import leases, runs, slots, states
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry

MODEL = "acme/swift-8b:free"

FORM = {"model": MODEL}
FILE = {"prompt_file": ("prompts.txt", "Why?\nПочему?\n".encode(), "text/plain")}


def plan(**more: Any) -> dict[str, Any]:
    """A small plan as JSON."""
    prompts = {"kind": "inline", "prompts": ["Why?", "How?"]}
    return {"targets": [{"model": MODEL}], "prompts": prompts, "runs": 2, **more}


def file(content: bytes, name: str = "prompts.txt") -> dict[str, Any]:
    """A prompt file as httpx takes it."""
    return {"prompt_file": (name, content, "text/plain")}


def submit(http: httpx.Client, **more: Any) -> str:
    """A benchmark of four calls; its id."""
    answer = http.post("/benchmark", json=plan(**more))
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


class Event(NamedTuple):
    """One event as a client sees it."""

    id: str | None
    name: str
    data: Any


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream; comments are events with the name "comment"."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield Event(None, "comment", line)
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            data = json.loads(fields["data"])
            yield Event(fields.get("id"), fields["event"], data)
            fields = {}


def problem(answer: httpx.Response, kind: str) -> dict[str, Any]:
    """The problem in an answer, which must be of this kind and complete."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{kind}", body
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return body


class Played:
    """A worker that is played: it claims and commits, and calls nobody."""

    def __init__(self, redis: Redis, results_dir: Path) -> None:
        self.redis = redis
        self._results_dir = results_dir

    async def live(self, lease_s: float = 15) -> None:
        await workers.beat(self.redis, "played", {}, lease_s=lease_s)

    async def die(self) -> None:
        await workers.gone(self.redis, "played")

    async def claim(self, job_id: str, lease_s: float = 15) -> Lease:
        plan = await runs.plan_of(self.redis, job_id)
        lease = await leases.claim(
            self.redis,
            job_id,
            steps(plan)[0],
            owner="played",
            shards=1,
            lease_s=lease_s,
        )
        assert lease is not None
        return lease

    async def close(self, lease: Lease, n: int, outcome: Outcome = Outcome.OK) -> None:
        """Take and close `n` slots."""
        taken = await slots.take(self.redis, lease, n, ticket=f"{n}-{outcome}")
        assert taken is not None
        kind: Kind = "ok" if outcome is Outcome.OK else "failed"
        entries = [
            Entry(index, attempt, kind, 0, row(index, outcome))
            for index, attempt, _ in taken.slots
        ]
        await slots.commit(self.redis, lease, entries, max_answers_bytes=1000)

    async def reduce(self, job_id: str, ending: Ending | None = None) -> dict[str, Any]:
        """End the run, where `ending` is given, and publish its files."""
        if ending is not None:
            await states.end(self.redis, job_id, ending)
        run = await runs.load(self.redis, job_id)
        plan = await runs.plan_of(self.redis, job_id)
        folder = self._results_dir / job_id
        folder.mkdir(parents=True)
        result = {"avg": 1.5, "total_runs": run.closed, "total_tokens": 10}
        (folder / "plan.json").write_text(plan.model_dump_json())
        (folder / "run.json").write_bytes(archive.record(run))
        (folder / "samples.csv").write_text('slot,model,error\n0,a/b,"no; \'=1"\n')
        (folder / "responses.jsonl").write_text('{"slot":0,"text":"Ответ"}\n')
        (folder / "summary.json").write_text(json.dumps(result))
        await states.finish(self.redis, run, result, keep_s=600)
        return result

    async def whole(self, job_id: str) -> dict[str, Any]:
        """Claim, close all four slots, reduce."""
        lease = await self.claim(job_id)
        await self.close(lease, 4)
        return await self.reduce(job_id, Ending.COMPLETED)


def row(slot: int, outcome: Outcome) -> bytes:
    return encode(Sample(step=0, slot=slot, target=0, prompt=0, outcome=outcome))


@asynccontextmanager
async def playing(store_url: str, results_dir: Path) -> AsyncIterator[Played]:
    """A played worker on a connection of its own; no other one is alive. Of a real one
    that an earlier test has killed that is not known before the end of a lease."""
    redis = connect(store_url)
    try:
        await redis.delete(keys.WORKERS)
        yield Played(redis, results_dir)
    finally:
        await redis.aclose()


def job_ids(http: httpx.Client) -> list[str]:
    """The newest benchmarks."""
    found = http.get("/benchmark?limit=100").json()["jobs"]
    return [job["job_id"] for job in found]
