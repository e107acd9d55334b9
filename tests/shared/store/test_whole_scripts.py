"""No script of the store stops half way: it does all that it says, or nothing.

An error in a script undoes nothing. So each is run with arguments that cannot be, and
over counters at the end of their range, and whenever one refuses, the store must be as
it was.
"""

from importlib.resources import files
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.about import About
from shared.answer.usage import MOST_USD
from shared.money import Budget, nano
from shared.money.limits import Limit
from shared.opinion import Opinion
from shared.plan import Finished, Plan, Step, steps
from shared.plan.loads.adaptive import Adaptive
from shared.run import Ending, Status
from shared.store import keys, opinions
from shared.store.run import leases, outages, reduces, runs, samples, slots, states
from shared.store.run.runs import IdempotencyKey
from shared.store.run.slots import Entry
from shared.store.upstream import limits, money, pace
from shared.store.upstream.money import Reservation

pytestmark = pytest.mark.usefixtures("no_midnight")

HOSTILE = ("", "x", "nan", "inf", "-1", "1e300", "1.5", str(10**30), str(2**63))
LAST = str(2**63 - 1)
COUNTERS = (
    *("closed", "failed", "duplicates", "overlaps", "interrupted", "takeovers"),
    *("spent_nano", "held_nano", "unaccounted_nano", "spent", "held", "unaccounted"),
    *("calls", "throttled", "held_calls", "held_throttled", "retries"),
    *("ended", "epoch"),
)
PLAN = Plan.model_validate(
    {
        "targets": [{"model": "a/b"}],
        "prompts": {"prompts": ["Hi"]},
        "runs": 40,
        "max_cost_usd": 1_000_000,
    }
)
FREE = Limit("free", 20, 50, 3)

State = dict[bytes, tuple[bytes, int]]


async def state_of(redis: Redis) -> State:
    """Every key, with its value as bytes and how long it lives, ms."""
    names = await redis.keys("*")
    async with redis.pipeline() as pipe:
        for name in names:
            pipe.dump(name).pttl(name)
        said = await pipe.execute()
    left_ms = (max(ms, 0) for ms in said[1::2])
    return dict(zip(names, zip(said[::2], left_ms, strict=True), strict=True))


async def put_back(redis: Redis, state: State) -> None:
    async with redis.pipeline() as pipe:
        pipe.flushdb()
        for key, (value, left_ms) in state.items():
            pipe.restore(key, left_ms, value)
        await pipe.execute()


def values(state: State) -> dict[bytes, bytes]:
    return {key: value for key, (value, _) in state.items()}


class Hostile(Redis):
    """A connection that first tries each script in ways that it must survive."""

    scripts: set[str]
    tried: int
    halves: list[str]

    async def evalsha(self, sha: str, numkeys: int, *rest: Any) -> Any:
        self.scripts.add(sha)
        before = await state_of(self)
        keys, args = list(rest[:numkeys]), list(rest[numkeys:])
        for at in range(len(args)):
            for value in HOSTILE:
                bent = [*args[:at], value, *args[at + 1 :]]
                await self._try(sha, numkeys, keys, bent, before, f"{at}={value}")
        for key, field in await self._counters(before):
            await self.hset(key, field, LAST)  # type: ignore[misc]
            full = await state_of(self)
            told = f"{key.decode()}.{field.decode()}"
            await self._try(sha, numkeys, keys, args, full, told)
            await put_back(self, before)
        return await super().evalsha(sha, numkeys, *rest)  # type: ignore[misc]

    async def _try(
        self, sha: str, n: int, keys: list[Any], args: list[Any], was: State, how: str
    ) -> None:
        self.tried += 1
        try:
            await super().evalsha(sha, n, *keys, *args)  # type: ignore[misc]
        except ResponseError as error:
            if "NOSCRIPT" in str(error):
                raise
            if values(await state_of(self)) != values(was):
                self.halves.append(f"{args[:12]} {how}: {error}")
        await put_back(self, was)

    async def _counters(self, state: State) -> list[tuple[bytes, bytes]]:
        found = []
        for key in state:
            if await self.type(key) != b"hash":
                continue
            for field in await self.hkeys(key):  # type: ignore[misc]
                words = field.decode().split(":")
                if set(words) & set(COUNTERS) or key.endswith(b":days"):
                    found.append((key, field))
        return found


@pytest.fixture
async def hostile(redis: Redis) -> Hostile:
    client = Hostile(connection_pool=redis.connection_pool)
    client.scripts, client.tried, client.halves = set(), 0, []
    return client


async def test_a_script_that_refuses_has_changed_nothing(hostile: Hostile) -> None:
    redis = hostile
    run = await runs.create(redis, PLAN, key=IdempotencyKey("me", "k", "hash"))
    [step] = steps(PLAN)
    assert isinstance(step, Step)
    lease = await leases.claim(
        *(redis, run.job_id, step),
        owner="me",
        shards=2,
        lease_s=60,
        upstreams=("http://up.example/v1",),
    )
    assert lease is not None
    await leases.ready(redis, lease, 60, is_ready=True)
    await leases.renew(redis, lease, 60)
    name = outages.UPSTREAM
    outage = await outages.failed(
        *(redis, lease, "acc", name),
        began_ms=1,
        words="refused",
        not_before_ms=0,
        call_s=60,
    )
    assert await outages.idle(redis, lease, 2**42, outage, most_s=60) == "waiting"
    await outages.probe(redis, lease, [name], "c", call_s=60)
    await outages.recovered(redis, lease, "acc", name, began_ms=2**50)
    assert await slots.take(redis, lease, 8, "t") is not None
    await limits.learn(redis, "acc", "free", 50, 3)
    hold = Reservation(nano(MOST_USD), Budget(nano(1_000_000), nano(1_000_000)))
    paced = pace.Paced(0, 60_000)
    for n in range(4):
        given = await limits.leave(
            *(redis, "acc", [FREE], f"c{n}"),
            flight_s=60,
            reservation=hold,
            paced=paced if n == 0 else None,
            job_id=run.job_id,
        )
        assert (given is None) is (n < 3)
    load = Adaptive()
    told = {"passed": 5, "throttled": 1, "sent_ms": 1}
    await pace.adapt(redis, run.job_id, 0, load, **told)
    await pace.adapt(redis, run.job_id, 0, load, **told)
    await limits.unsent(redis, "acc", [FREE], "c2", run.job_id)
    most = nano(MOST_USD)
    rows = [
        Entry(0, 0, "ok", 0, b"row", b"text", most, "c0"),
        Entry(1, 0, "retry", 5, b"row", b"", most, ""),
        Entry(2, 0, "failed", 0, b"row", b"", None, ""),
        Entry(0, 0, "ok", 0, b"row", b"", most, "c1"),
    ]
    await slots.commit(
        redis, lease, rows, max_answers_bytes=99, max_error_share=0.5, account="acc"
    )
    again = [Entry(4, 0, "ok", 0, b"row", b"", most, "")]
    await slots.commit(redis, lease, again, max_answers_bytes=99, account="acc")
    assert await limits.leave(redis, "acc", [FREE], "c9", flight_s=60) is None
    await slots.hand_back(redis, lease, [(3, 5)])
    await money.lapse(redis, run.job_id, "acc", everything=True)
    await leases.release(redis, lease, finished=True)
    await states.move(redis, run.job_id, Status.PAUSED)
    await states.advance(redis, run.job_id, Finished(0), None, Ending.COMPLETED)
    await redis.hset(keys.run(run.job_id), "judging", "due")
    assert await opinions.begin(redis, run.job_id, 2)
    call = opinions.hold_of("0:0:0:x")
    one = Opinion(step=0, slot=0, judge=0, name="judge", model="m", word="yes")
    cheap = Reservation(nano(0.01), Budget(nano(1_000_000), None))
    assert (
        await limits.leave(
            *(redis, "acc", [], call), flight_s=60, reservation=cheap, job_id=run.job_id
        )
        is None
    )
    kept = {"cost_nano": 5, "hold": call}
    assert await opinions.keep(redis, run.job_id, "acc", one, **kept)
    assert not await opinions.keep(redis, run.job_id, "acc", one, **kept)
    assert await opinions.end(redis, run.job_id, "budget")
    over = await runs.load(redis, run.job_id)
    await samples.asked_with(redis, run.job_id, "a print")
    await samples.observe(redis, run.job_id, {"host": "here"})
    assert await reduces.claim(redis, over, "try", lease_s=60, patient=True) == "ours"
    assert await reduces.renew(redis, run.job_id, "try", lease_s=60)
    await states.note_error(redis, run.job_id, "No room.")
    await runs.describe(redis, run.job_id, About(name="nightly"))
    assert await states.finish(redis, over, {}, keep_s=60)
    assert await runs.purge(redis, run.job_id)
    there = [each.name for each in files("shared.store").joinpath("lua").iterdir()]
    assert len(hostile.scripts) == sum(not name.startswith("_") for name in there)
    assert hostile.tried > 1_000
    assert hostile.halves == []
