"""How bills are asked for: of a real socket that says what the test wants."""

import asyncio
import json
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis.asyncio import Redis

from shared.analysis.columns import columns_of
from shared.outputs import write_csv
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.run import new_job_id
from shared.sample import Outcome, Sample
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import reconciles
from shared.upstream.connect import wire_of
from shared.upstream.contact import Contact
from tests.children import CANARY, until
from worker.ended import bills as asking
from worker.ended.reconcile import Reconciler

PLAN = Plan(
    targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("p",)), runs=1
)
BILL = {
    "total_cost": 0.5,
    "provider_name": "Harbor",
    "native_tokens_prompt": 10,
    "native_tokens_completion": 20,
    "native_tokens_reasoning": 0,
}


@dataclass
class Bills:
    """An upstream of nothing but bills, and what was asked of it."""

    url: str = ""
    status: int = 200
    not_yet: int = 0
    """How often each generation is a 404 at first."""
    slow_s: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    open: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    gate: threading.Event = field(default_factory=threading.Event)

    def answer(self, name: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked[name] += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        self.gate.wait(self.slow_s)
        with self.lock:
            self.open -= 1
        if self.status != 200:
            return self.status, {"error": {}}
        if self.asked[name] <= self.not_yet:
            return 404, {"error": {}}
        return 200, {"data": BILL}


@pytest.fixture
def bills() -> Iterator[Bills]:
    found = Bills()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.keys.add(self.headers["Authorization"])
            (name,) = parse_qs(urlsplit(self.path).query)["id"]
            status, said = found.answer(name)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/api/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Desk:
    """A reconciler of this process, and the results that it finds."""

    redis: Redis
    settings: Settings
    reconciler: Reconciler
    busy: bool = False

    async def ended(self, calls: int, **more: Any) -> str:
        """A run of so many calls that has ended and is to be compared; its id."""
        rows = [
            Sample(
                **{
                    "step": 0,
                    "slot": slot,
                    "target": 0,
                    "prompt": 0,
                    "outcome": Outcome.OK,
                    "generation_id": f"gen-{slot:03}",
                    "provider": "Harbor",
                    "cost_usd": 0.5,
                    "prompt_tokens": 10,
                    "output_tokens": 20,
                    "tokens_from": "usage",
                    **more,
                }
            )
            for slot in range(calls)
        ]
        job_id = new_job_id(1.8e9)
        folder = self.settings.results_dir / job_id
        folder.mkdir(parents=True)
        csv = write_csv(PLAN, columns_of(PLAN, rows))
        (folder / "samples.csv").write_bytes(b"".join(csv))
        (folder / "summary.json").write_text("{}")
        await reconciles.ask(self.redis, job_id, in_s=0, keep_s=600)
        return job_id

    def file(self, job_id: str) -> dict[str, Any]:
        path = self.settings.results_dir / job_id / "reconciliation.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    async def done(self, job_id: str) -> dict[str, Any]:
        """Look, and the file once the run waits no more."""
        await self.reconciler.look()

        async def ended() -> bool:
            return not await reconciles.waits(self.redis, job_id)

        await until(ended, f"the reconciliation of {job_id}")
        return self.file(job_id)


@pytest.fixture
async def desk(
    redis: Redis, bills: Bills, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(asking, "PAUSES_S", (0.01, 0.02, 0.04))
    settings = Settings.model_validate(
        {
            "openrouter_base_url": bills.url,
            "openrouter_api_key": CANARY,
            "upstream_kind": "openrouter",
            "results_dir": tmp_path / "results",
            "lease_s": 1.5,
            "heartbeat_s": 0.5,
            "reconcile_most": 40,
        }
    )
    wire = wire_of(settings)
    found = Desk(
        redis,
        settings,
        Reconciler(redis, Contact(wire, settings), "me", busy=lambda: found.busy),
    )
    yield found
    bills.gate.set()
    await found.reconciler.close()
    await wire.aclose()


async def test_rows_and_bills_that_are_equal(desk: Desk, bills: Bills) -> None:
    job_id = await desk.ended(5)
    found = await desk.done(job_id)
    assert found["job_id"] == job_id
    assert found["notes"] == []
    assert found["totals"] == {
        "rows": 5,
        "rows_with_id": 5,
        "asked": 5,
        "found": 5,
        "not_found": 0,
        "unanswered": 0,
        "differing_cost": 0,
        "differing_provider": 0,
        "differing_tokens": 0,
        "theirs_usd": 2.5,
        "ours_usd": 2.5,
        "without_cost_rows": 0,
        "without_cost_usd": None,
    }
    assert [call["slot"] for call in found["calls"]] == [0, 1, 2, 3, 4]
    assert bills.keys == {f"Bearer {CANARY}"}
    assert CANARY not in json.dumps(found)


async def test_a_row_without_a_cost_gets_to_know_it(desk: Desk) -> None:
    found = await desk.done(await desk.ended(3, cost_usd=None))
    assert found["totals"]["ours_usd"] is None
    assert found["totals"]["without_cost_rows"] == 3
    assert found["totals"]["without_cost_usd"] == 1.5
    assert found["totals"]["differing_cost"] == 0


async def test_what_is_not_there_yet_is_asked_for_again(
    desk: Desk, bills: Bills
) -> None:
    bills.not_yet = 2
    found = await desk.done(await desk.ended(6))
    assert found["totals"]["found"] == 6
    assert set(bills.asked.values()) == {3}


async def test_what_is_never_there_is_not_found(desk: Desk, bills: Bills) -> None:
    bills.not_yet = 1000
    found = await desk.done(await desk.ended(3))
    assert (found["totals"]["not_found"], found["totals"]["found"]) == (3, 0)
    assert found["totals"]["theirs_usd"] is None
    assert {call["state"] for call in found["calls"]} == {"not_found"}
    assert set(bills.asked.values()) == {4}, "once, and after each of three pauses"


async def test_an_upstream_that_fails_leaves_rows_unanswered(
    desk: Desk, bills: Bills
) -> None:
    bills.status = 503
    found = await desk.done(await desk.ended(2))
    assert [(c["state"], c["status"]) for c in found["calls"]] == [
        ("unanswered", 503)
    ] * 2


async def test_a_key_that_may_not_ask_is_not_tried_on_every_row(
    desk: Desk, bills: Bills
) -> None:
    bills.status = 401
    found = await desk.done(await desk.ended(30))
    assert bills.asked.total() <= 4
    assert found["totals"]["asked"] == found["totals"]["unanswered"] == len(bills.asked)
    (note,) = found["notes"]
    assert "401" in note


async def test_more_rows_than_allowed_are_sampled_evenly(
    desk: Desk, bills: Bills
) -> None:
    found = await desk.done(await desk.ended(100))
    totals = found["totals"]
    assert (totals["rows_with_id"], totals["asked"]) == (100, 40)
    slots = [call["slot"] for call in found["calls"]]
    assert slots == [place * 100 // 40 for place in range(40)]
    assert sorted(bills.asked) == [f"gen-{slot:03}" for slot in slots]
    (note,) = found["notes"]
    assert note.startswith("40 of 100 rows")


async def test_rows_without_an_id_are_counted_and_not_asked_for(
    desk: Desk, bills: Bills
) -> None:
    found = await desk.done(await desk.ended(4, generation_id=None))
    assert (found["totals"]["rows"], found["totals"]["rows_with_id"]) == (4, 0)
    assert not bills.asked


async def test_few_are_asked_for_at_a_time(desk: Desk, bills: Bills) -> None:
    bills.slow_s = 0.05
    first, second = await desk.ended(20), await desk.ended(20)
    await desk.done(first)
    await desk.done(second)
    assert bills.most_open <= 4


async def test_it_rests_while_something_is_measured(desk: Desk, bills: Bills) -> None:
    desk.busy = True
    job_id = await desk.ended(40)
    await desk.reconciler.look()
    lease = keys.run(job_id, ":reconcile")
    assert not await desk.redis.exists(lease), "a worker that is idle may have it"
    desk.busy = False
    bills.slow_s = 0.05
    await desk.reconciler.look()

    async def some_were_asked() -> bool:
        return bills.asked.total() >= 4

    await until(some_were_asked, "the first questions")
    desk.busy = True

    async def none_is_open() -> bool:
        return bills.open == 0

    await until(none_is_open, "the end of the open questions")
    before = bills.asked.total()
    assert before < 40
    await renewed(desk.redis, job_id, times=4)  # a lease of three heartbeats is kept
    assert bills.asked.total() == before
    desk.busy = False
    assert (await desk.done(job_id))["totals"]["found"] == 40
    assert set(bills.asked.values()) == {1}, "what was told is not asked for again"


async def renewed(redis: Redis, job_id: str, *, times: int) -> None:
    """Wait until the run's lease has been made longer so often."""
    lease = keys.run(job_id, ":reconcile")
    seen = [await redis.pttl(lease)]

    async def often() -> bool:
        seen.append(await redis.pttl(lease))
        assert seen[-1] > 0, "it was let go"
        return sum(after > before for before, after in pairwise(seen)) >= times

    await until(often, "renewals of the lease")


async def test_one_that_another_worker_has_is_left_to_it(
    desk: Desk, bills: Bills
) -> None:
    job_id = await desk.ended(3)
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=60)
    await desk.reconciler.look()
    assert not bills.asked
    assert await reconciles.waits(desk.redis, job_id)


async def test_one_that_was_lost_to_another_worker_is_left_to_it(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.look()
    await desk.redis.set(keys.run(job_id, ":reconcile"), "other")

    async def left() -> bool:
        names = {task.get_name() for task in asyncio.all_tasks()}
        return f"bills-{job_id}" not in names

    await until(left, "the end of our comparison")
    assert await reconciles.waits(desk.redis, job_id)
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=60)


async def test_a_worker_that_is_drained_leaves_it_at_once(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.look()

    async def asks() -> bool:
        return bills.open > 0

    await until(asks, "an open question")
    await desk.reconciler.close()
    assert await reconciles.due(desk.redis) == [job_id]
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=1)


async def test_results_that_are_deleted_meanwhile_are_not_brought_back(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.look()

    async def asks() -> bool:
        return bills.open > 0

    async def waits_no_more() -> bool:
        return not await reconciles.waits(desk.redis, job_id)

    await until(asks, "an open question")
    shutil.rmtree(desk.settings.results_dir / job_id)
    bills.gate.set()
    await until(waits_no_more, "the end of the waiting")
    assert not (desk.settings.results_dir / job_id).exists()


async def test_files_of_another_machine_are_left_to_that_one(
    desk: Desk, bills: Bills
) -> None:
    job_id = new_job_id(1.8e9)
    await reconciles.ask(desk.redis, job_id, in_s=0, keep_s=600)
    await desk.reconciler.look()
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=1)
    assert not (desk.settings.results_dir / job_id).exists()


async def test_results_that_cannot_be_seen_hold_up_no_other(
    desk: Desk, bills: Bills, caplog: pytest.LogCaptureFixture
) -> None:
    unseen = "X" * 300  # longer than a name may be
    await reconciles.ask(desk.redis, unseen, in_s=0, keep_s=600)
    job_id = await desk.ended(2)
    assert (await desk.done(job_id))["totals"]["found"] == 2
    await desk.reconciler.look()
    assert caplog.text.count("summary.json of benchmark X") == 1
    assert await reconciles.waits(desk.redis, unseen)


async def test_one_that_is_done_is_not_done_again(desk: Desk, bills: Bills) -> None:
    job_id = await desk.ended(3)
    first = await desk.done(job_id)
    await reconciles.ask(desk.redis, job_id, in_s=0, keep_s=600)
    assert await desk.done(job_id) == first
    assert bills.asked.total() == 3


async def test_an_upstream_without_bills_is_not_asked(
    redis: Redis, desk: Desk, bills: Bills
) -> None:
    plain = desk.settings.model_copy(update={"upstream_kind": "openai"})
    wire = wire_of(plain)
    desk.reconciler = Reconciler(redis, Contact(wire, plain), "me", busy=lambda: False)
    found = await desk.done(await desk.ended(3))
    await wire.aclose()
    assert not bills.asked
    assert (found["totals"]["rows_with_id"], found["totals"]["asked"]) == (3, 0)
    (note,) = found["notes"]
    assert "GET /generation" in note


async def test_without_a_key_it_is_put_off(redis: Redis, desk: Desk) -> None:
    keyless = desk.settings.model_copy(update={"openrouter_api_key": None})
    wire = wire_of(keyless)
    desk.reconciler = Reconciler(
        redis, Contact(wire, keyless), "me", busy=lambda: False
    )
    job_id = await desk.ended(3)
    await desk.reconciler.look()

    async def put_off() -> bool:
        return not await reconciles.due(redis)

    await until(put_off, "a later time")
    await wire.aclose()
    assert await reconciles.waits(redis, job_id)
    assert not (desk.settings.results_dir / job_id / "reconciliation.json").exists()
