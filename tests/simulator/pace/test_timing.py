"""When tokens are due, and the pacer's one promise."""

import asyncio
import random
import sys
from itertools import pairwise
from time import monotonic

import pytest

from simulator.pace import Pace, Pacer, schedule

# A kernel timer where there is one, the loop's own timers elsewhere.
both_timers = pytest.mark.parametrize(
    "kernel_timer", [False, True] if sys.platform == "linux" else [False]
)


def test_times_never_decrease_and_spread_has_the_asked_median() -> None:
    pace = Pace(ttft_s=0.2, gap_s=0.01, tokens=50, spread=0.4)
    firsts = []
    for seed in range(401):
        times = schedule(pace, 50, random.Random(seed))
        assert len(times) == 50
        assert all(a <= b for a, b in pairwise(times))
        firsts.append(times[0])
    assert sorted(firsts)[200] == pytest.approx(0.2, rel=0.1)
    assert len(schedule(pace, 0, random.Random(1))) == 1


@both_timers
async def test_nobody_is_woken_before_the_time(kernel_timer: bool) -> None:
    pacer = Pacer(kernel_timer=kernel_timer)
    start_s = monotonic()
    dues = [start_s + 0.0003 * i for i in range(200)]
    random.Random(1).shuffle(dues)

    async def early_by(due_s: float) -> float:
        await pacer.until(due_s)
        return due_s - monotonic()

    try:
        assert max(await asyncio.gather(*map(early_by, dues))) <= 0
    finally:
        pacer.close()


@both_timers
async def test_a_wait_that_was_given_up_does_not_hold_up_the_others(
    kernel_timer: bool,
) -> None:
    pacer = Pacer(kernel_timer=kernel_timer)
    soon_s = monotonic() + 0.02
    given_up = asyncio.create_task(pacer.until(soon_s))
    waiting = asyncio.create_task(pacer.until(soon_s + 0.01))
    await asyncio.sleep(0)
    given_up.cancel()
    try:
        await asyncio.wait_for(waiting, 5)
    finally:
        pacer.close()
