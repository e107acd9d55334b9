"""The pacer: absolute times, in order, never early."""

import asyncio
import time
from collections.abc import Callable

import pytest

from shared.wire.pacer import Pacer
from shared.wire.timer import FdTimer, LoopTimer, Timer

pytestmark = pytest.mark.alone


async def test_nothing_rings_early_and_everything_rings_in_order() -> None:
    pacer = Pacer()
    begun_s = time.monotonic()
    rung: list[tuple[float, float]] = []
    done = asyncio.Event()
    for k in (7, 3, 9, 1, 0, 5):
        at_s = begun_s + 0.005 + k * 0.0004
        pacer.at(at_s, lambda at_s=at_s: rung.append((at_s, time.monotonic())))
    pacer.at(begun_s + 0.03, done.set)
    await asyncio.wait_for(done.wait(), 10)
    pacer.close()
    assert len(rung) == 6
    assert [due for due, _ in rung] == sorted(due for due, _ in rung)
    assert all(now >= due for due, now in rung)


async def test_an_earlier_time_that_is_asked_for_later_does_not_wait() -> None:
    pacer = Pacer()
    pacer.at(time.monotonic() + 3600, lambda: None)
    await asyncio.wait_for(pacer.until(time.monotonic() + 0.01), 10)
    pacer.close()


async def test_most_wakings_are_punctual_on_an_idle_loop() -> None:
    pacer = Pacer()
    late: list[float] = []
    for k in range(100):
        at_s = time.monotonic() + 0.001 + k % 7 * 0.0003
        await pacer.until(at_s)
        late.append(time.monotonic() - at_s)
    pacer.close()
    assert min(late) >= 0
    assert sorted(late)[50] < 0.005  # 0.1 ms on a quiet machine


async def test_a_time_that_is_past_lets_the_loop_run_first() -> None:
    pacer = Pacer()
    seen: list[str] = []
    asyncio.get_running_loop().call_soon(seen.append, "the loop")
    await pacer.until(time.monotonic() - 5)
    seen.append("the late one")
    pacer.close()
    assert seen == ["the loop", "the late one"]


async def test_a_waiter_may_be_cancelled_and_a_callback_may_raise() -> None:
    pacer = Pacer()
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    soon_s = time.monotonic() + 0.01
    waiter = asyncio.create_task(pacer.until(soon_s))
    await asyncio.sleep(0)
    waiter.cancel()

    def fail() -> None:
        raise ZeroDivisionError

    pacer.at(soon_s, fail)
    await asyncio.wait_for(pacer.until(soon_s), 10)
    pacer.close()
    assert [type(error) for error in errors] == [ZeroDivisionError]


async def test_after_closing_nothing_rings() -> None:
    pacer = Pacer()
    rung: list[int] = []
    pacer.at(time.monotonic() + 0.01, lambda: rung.append(1))
    pacer.close()
    await asyncio.sleep(0.03)
    assert rung == []


@pytest.mark.parametrize("kind", [FdTimer, LoopTimer])
async def test_both_timers_ring_periodically_and_stop(
    kind: Callable[..., Timer],
) -> None:
    counts: list[int] = []
    timer = kind(asyncio.get_running_loop(), counts.append)
    begun_ns = time.monotonic_ns()
    timer.arm(begun_ns + 1_000_000, 1_000_000)
    while sum(counts) < 20:
        await asyncio.sleep(0.001)
    passed_ns = time.monotonic_ns() - begun_ns
    timer.disarm()
    assert sum(counts) * 1_000_000 <= passed_ns
    so_far = sum(counts)
    await asyncio.sleep(0.01)
    assert sum(counts) == so_far
    timer.close()
