"""GET /benchmark/{job_id}/events over a real socket; the worker is played."""

import asyncio
import socket
import time
from typing import Any

from api.live import follower_of
from api.parts import Store, Views, Watchers
from shared.run import Ending, Status
from shared.sample import Outcome
from shared.store import keys
from shared.store.run import events as stored
from shared.store.run import outages, states
from tests.api.client import Event, Played, problem, submit
from tests.api.following import following
from tests.api.server import Api
from tests.children import until


def body(api: Api, job_id: str) -> Any:
    return api.http.get(f"/benchmark/{job_id}").json()


async def test_a_run_is_followed_from_snapshot_to_done(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    async with following(api, job_id) as client:
        snapshot = await client.next()
        assert snapshot.name == "snapshot"
        assert snapshot.id
        assert snapshot.data["status"] == "queued"
        assert snapshot.data["plan"]["runs"] == 2
        lease = await worker.claim(job_id)
        running = await client.next()
        assert (running.name, running.data["status"]) == ("state", "running")
        await worker.close(lease, 3)
        progress = await client.next()
        assert progress.name == "progress"
        assert progress.data["progress"]["closed"] == 3
        await worker.close(lease, 1)
        await worker.reduce(job_id, Ending.COMPLETED)
        rest = await client.rest()
    states = [event.data["status"] for event in rest if event.name == "state"]
    assert states == ["reducing", "done"]
    assert [event.name for event in rest].count("done") == 1
    assert rest[-1].name == "done"
    assert rest[-1].data == body(api, job_id)


async def test_one_done_for_every_terminal_state(api: Api, worker: Played) -> None:
    for ending in (Ending.COMPLETED, Ending.CANCELLED, Ending.BAD_KEY):
        job_id = submit(api.http)
        async with following(api, job_id) as client:
            await client.next()
            await worker.claim(job_id)
            await worker.reduce(job_id, ending)
            rest = await client.rest()
        assert [event.name for event in rest].count("done") == 1
        assert rest[-1].data["status"] == ending.status
        assert rest[-1].data["ending"] == ending


async def test_a_run_that_has_ended_is_told_whole_and_the_stream_ends(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    for last_id in (None, await stored.last_id(worker.redis, job_id)):
        async with following(api, job_id, last_id) as client:
            snapshot, done = await client.rest()
        assert (snapshot.name, done.name) == ("snapshot", "done")
        assert snapshot.data == done.data == body(api, job_id)


async def test_it_resumes_after_the_last_event_that_was_seen(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    async with following(api, job_id) as client:
        seen = await client.next()
    await worker.claim(job_id)
    await states.move(worker.redis, job_id, Status.PAUSED)
    async with following(api, job_id, seen.id) as client:
        first, second = await client.next(), await client.next()
    assert [first.name, second.name] == ["state", "state"]
    assert [first.data["status"], second.data["status"]] == ["running", "paused"]
    async with following(api, job_id, first.id) as client:
        again = await client.next()
    assert (again.id, again.data["status"]) == (second.id, "paused")


async def test_nothing_is_missed_when_the_connection_is_cut_again_and_again(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    last_id: str | None = None
    seen: list[str] = []
    walk = [Status.PAUSED, Status.QUEUED] * 5
    for to in walk:
        async with following(api, job_id, last_id) as client:
            if last_id is None:
                last_id = (await client.next()).id
            await states.move(worker.redis, job_id, to)
            event = await client.next()
            seen.append(event.data["status"])
            last_id = event.id
    assert seen == walk


async def test_a_backlog_is_read_to_its_end_although_nobody_rings(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    redis, key = worker.redis, keys.run(job_id, ":events")
    watchers = Watchers(redis)
    store = Store(redis, Views(redis, api.settings), watchers)
    first = await stored.last_id(redis, job_id)
    await worker.claim(job_id)
    for _ in range(250):
        await redis.xadd(key, {"kind": "progress"})
    follower = await follower_of(store, job_id, first)
    async with watchers.watch(job_id) as bell:  # somebody else, who was there before
        await worker.reduce(job_id, Ending.COMPLETED)
        end = await stored.last_id(redis, job_id)

        async def read_to_the_end() -> bool:
            bell.clear()
            return not [e async for e in stored.since(redis, job_id, end, block_ms=1)]

        await until(read_to_the_end, "the end of the other one's reading")
        async with asyncio.timeout(10):  # a comment would come after 15 s
            said = b"".join([piece async for piece in follower.events(lambda: False)])
    assert said.count(b"event: done") == 1
    assert said.index(b'"status":"reducing"') < said.index(b"event: done")
    await watchers.close()


async def test_a_reader_that_failed_rings_again_when_it_can_read(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    redis, key = worker.redis, keys.run(job_id, ":events")
    await redis.rename(key, "aside")
    await redis.set(key, "of another kind")
    watchers = Watchers(redis)
    async with watchers.watch(job_id) as bell:
        await asyncio.sleep(0.1)
        await redis.rename("aside", key)
        async with asyncio.timeout(10):
            await bell.wait()
    await watchers.close()


async def test_a_foreign_or_trimmed_id_begins_with_a_snapshot(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    first = await stored.last_id(worker.redis, job_id)
    await worker.claim(job_id)
    await worker.redis.xtrim(keys.run(job_id, ":events"), maxlen=1, approximate=False)
    for last_id in ("not-an-id", "5", "", "0-1", first):
        async with following(api, job_id, last_id) as client:
            event = await client.next()
        assert event.name == "snapshot"
        assert event.data["status"] == "running"


async def test_progress_comes_at_most_four_times_a_second(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    async with following(api, job_id) as client:
        await client.next()
        began = time.monotonic()
        for _ in range(40):  # far more than the store itself would let through
            key = keys.run(job_id, ":events")
            await worker.redis.xadd(key, {"kind": "progress"})
            await asyncio.sleep(0.025)
        await worker.reduce(job_id, Ending.COMPLETED)
        rest = await client.rest()
        took_s = time.monotonic() - began
    told = [event for event in rest if event.name == "progress"]
    assert 1 <= len(told) <= took_s / 0.25 + 1


async def test_many_clients_follow_one_run(api: Api, worker: Played) -> None:
    job_id = submit(api.http)

    async def last() -> Event:
        async with following(api, job_id) as client:
            return (await client.rest())[-1]

    clients = [asyncio.create_task(last()) for _ in range(20)]
    lease = await worker.claim(job_id)
    await worker.close(lease, 4, Outcome.EMPTY)
    await worker.reduce(job_id, Ending.COMPLETED)
    ends = await asyncio.gather(*clients)
    assert {(event.name, event.data["status"]) for event in ends} == {("done", "done")}


async def test_a_client_that_reads_nothing_hinders_nobody(
    api: Api, worker: Played
) -> None:
    prompts = {"kind": "inline", "prompts": ["x" * 90_000]}
    job_id = submit(api.http, prompts=prompts)
    host, port = api.url.removeprefix("http://").split(":")
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        stuck.connect((host, int(port)))
        stuck.sendall(
            f"GET /benchmark/{job_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        async with following(api, job_id) as client:
            await client.next()
            lease = await worker.claim(job_id)
            assert (await client.next()).data["status"] == "running"
            await worker.close(lease, 1)
            assert (await client.next()).name == "progress"


async def test_a_run_that_is_gone_ends_the_stream_with_an_error(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    async with following(api, job_id) as client:
        await client.next()
        await worker.redis.delete(keys.run(job_id))
        await worker.redis.xadd(keys.run(job_id, ":events"), {"kind": "progress"})
        (error,) = await client.rest()
    assert error.name == "error"
    assert error.data["type"] == "/problems/no-such-run"


def test_an_unknown_run_is_a_404_and_no_stream(api: Api) -> None:
    answer = api.http.get("/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C/events")
    problem(answer, "no-such-run")


async def test_a_follower_hears_that_the_upstream_is_down_and_each_new_try(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    async with following(api, job_id) as client:
        assert (await client.next()).name == "snapshot"
        untils = []
        for tries in range(2):
            outage = await outages.failed(
                worker.redis,
                lease,
                "account",
                outages.UPSTREAM,
                began_ms=2_000_000_000_000 + tries,
                words="[Errno 111] Connection refused",
                not_before_ms=0,
                call_s=60,
            )
            status = await outages.idle(
                worker.redis, lease, outage.until_ms, outage, most_s=300
            )
            assert status == "waiting"
            told = await client.next()
            assert (told.name, told.data["status"]) == ("state", "waiting")
            assert "Connection refused" in told.data["waiting_for"]
            untils.append(told.data["until"])
        assert untils[0] < untils[1]
        await outages.recovered(
            worker.redis, lease, "account", outages.UPSTREAM, began_ms=2_100_000_000_000
        )
        told = await client.next()
        assert (told.data["status"], told.data["waiting_for"]) == ("running", None)
