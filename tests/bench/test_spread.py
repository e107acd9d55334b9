"""The bench's section on scale: what a store did, and what of it falls to a row."""

from collections import Counter
from pathlib import Path

from bench.spread import Spread, Waiting, section
from bench.store import Did, did, weighs
from shared.store import embedded
from shared.store.client import connect, reply

DONE = Did(Counter(evalsha=2, hget=400), 0.001, 0.002, 30_000, 2_000, 26_700)


async def test_a_store_tells_what_it_did_between_two_moments(tmp_path: Path) -> None:
    store = embedded.start(tmp_path / "store")
    redis = connect(store.url)
    try:
        await redis.ping()  # greetings of the connection, which are commands too
        before = await did(redis)
        nine = "for n = 1, 9 do redis.call('RPUSH', 'a', n) end"
        await reply(redis.eval(nine, 0))
        await reply(redis.rpush("a", b"x" * 10_000))
        seen = (await did(redis)).less(before)
        heavy = await weighs(redis, "a")
    finally:
        await redis.aclose()
        store.stop()
    assert seen.calls == {"eval": 1, "rpush": 9 + 1}
    assert (seen.scripts, seen.commands) == (1, 11)
    assert 10_000 < seen.in_bytes < 11_000
    assert heavy > 10_000


def test_a_row_and_a_waiting_worker_have_their_share_of_the_whole() -> None:
    spread = {"2": Spread(100, 0.5, 0.012, (0.25, 0.75), DONE, 25_000)}
    waiting = {"no run": Waiting(8, 20, DONE)}
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section(100, spread, waiting).splitlines()
        if line.startswith("|")
    ]
    shown = {first: last for first, *_, last in lines}
    assert shown["rows/s"] == "200"  # 100 in 0.5 s
    assert shown["share of a worker, least to most, %"] == "25 to 75"
    assert shown["CPU of the workers, us a row"] == "120"  # 0.012 s / 100
    assert shown["CPU of the store, us a row"] == "20"  # 0.002 s / 100
    assert shown["commands, a row"] == "4.02"  # 402 / 100
    assert shown["rows/s that a core of the store carries"] == "50,000"  # 1 s / 20 us
    assert shown["... of each of 100 machines"] == "500"
    assert shown["commands/s"] == "2.51"  # 402 / 8 workers / 20 s
    assert shown["100 of them, % of a core"] == "0.125"  # 100 x 2 ms / 8 / 20 s
