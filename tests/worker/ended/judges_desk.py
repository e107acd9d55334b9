"""A judge that answers when the test lets it, and runs whose answers it is to judge."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from shared.plan import Plan, steps
from shared.run import Ending, Run
from shared.sample import Outcome, Sample, encode
from shared.settings.settings import Settings
from shared.store.run import leases, runs, slots, states
from shared.store.run.slots import Entry
from shared.upstream import Contacts
from tests.children import CANARY
from tests.shared.wire.scripted_server import Visitor, serving
from worker.ended.judging import JudgeQueue


def yes() -> bytes:
    """A whole answer of a judge."""
    said = {"message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
    return answer(200, {"id": "gen-1", "choices": [said], "usage": {"cost": 0.001}})


def answer(status: int, body: dict[str, Any]) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text


@dataclass
class Judge:
    """What it was asked, and what it says."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """It answers while this is set."""
    says: Callable[[int], bytes] = lambda _: yes()
    """To the nth call."""


class Apart(Redis):
    """A connection to the store that breaks while the test says so."""

    is_away = False
    tried = 0
    """Commands meanwhile."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if self.is_away:
            self.tried += 1
            raise ConnectionError("the test has taken the store away")
        return await super().execute_command(*args, **options)


@dataclass
class Desk:
    """Judging in this process, of one or more workers."""

    redis: Redis
    settings: Settings
    contacts: Contacts
    judge: Judge
    busy: bool = False

    def queue(self, name: str, redis: Redis | None = None) -> JudgeQueue:
        return JudgeQueue(
            redis or self.redis,
            self.settings,
            self.contacts,
            name,
            busy=lambda: self.busy,
        )

    async def ended(self, calls: int, **more: Any) -> Run:
        """A run of so many answers, which are to be judged."""
        check = {"kind": "judge", "rubric": "Is it?", "model": "acme/judge"}
        plan = Plan.model_validate(
            {
                "targets": [{"model": "a/b"}],
                "prompts": {"prompts": ["Hi"]},
                "runs": calls,
                "load": {"concurrency": 1, "warmup": 0},
                "checks": [check | more],
                "max_tokens": 8,
            }
        )
        job_id = (await runs.create(self.redis, plan)).job_id
        lease = await leases.claim(
            self.redis, job_id, steps(plan)[0], owner="x", shards=1, lease_s=15
        )
        assert lease is not None
        assert await slots.take(self.redis, lease, calls, ticket="t")
        rows = [
            Entry(
                *(slot, 0, "ok", 0),
                encode(
                    Sample(step=0, slot=slot, target=0, prompt=0, outcome=Outcome.OK)
                ),
                json.dumps(
                    {"step": 0, "slot": slot, "attempt": 0, "text": "a", "cut": False}
                ).encode(),
            )
            for slot in range(calls)
        ]
        await slots.commit(self.redis, lease, rows, max_answers_bytes=10**6)
        await leases.release(self.redis, lease)
        await states.end(self.redis, job_id, Ending.COMPLETED)
        return await runs.load(self.redis, job_id)


@asynccontextmanager
async def judges_desk(redis: Redis, settings: Settings) -> AsyncIterator[Desk]:
    """One with a judge of its own."""
    judge = Judge()
    judge.gate.set()

    async def script(visitor: Visitor, writer: asyncio.StreamWriter) -> None:
        while True:
            read = await visitor.request()
            judge.asked.append(json.loads(read.partition(b"\r\n\r\n")[2]))
            number = len(judge.asked)
            await judge.gate.wait()
            writer.write(judge.says(number))

    async with serving(script) as server:
        judge.url = f"{server.url}/v1"
        more = {
            "openrouter_base_url": judge.url,
            "openrouter_api_key": CANARY,
            "upstream_kind": "openai",
            "judge_concurrency": 1,
        }
        known = Settings.model_validate(settings.model_dump() | more)
        contacts = Contacts(known)
        yield Desk(redis, known, contacts, judge)
        await contacts.close()
