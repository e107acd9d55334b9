"""When calls begin, with a clock and an alarm in the test's hands."""

import asyncio
from collections.abc import Callable

from shared.clock import monotonic_s
from worker.shard.attack import Attack
from worker.slot import Slot


class Floor:
    """Lanes, calls begun and dropped, alarms asked for."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.begun: list[int] = []
        self.dropped: list[int] = []
        self.alarms: list[tuple[float, Callable[[], None]]] = []
        self.attack = Attack(
            lanes=lambda: self.lanes,
            begin=lambda slot: self.begun.append(slot.number),
            drop=lambda slot: self.dropped.append(slot.number),
            at=lambda at_s, ring: self.alarms.append((at_s, ring)),
        )


def closed(*indexes: int) -> list[Slot]:
    return [Slot(0.0, index, 0) for index in indexes]


async def test_a_closed_load_begins_as_many_as_there_are_lanes() -> None:
    floor = Floor(lanes=2)
    floor.attack.offer(closed(0, 1, 2, 3))
    assert floor.begun == [0, 1]
    floor.attack.ended()
    assert floor.begun == [0, 1, 2]
    assert len(floor.attack) == 1


async def test_what_waits_only_for_a_lane_can_be_left_to_others() -> None:
    floor = Floor(lanes=1)
    floor.attack.offer(closed(0, 1))
    floor.attack.offer([Slot(0.0, 2, 1, 1)])
    assert (floor.begun, floor.attack.waiting) == ([0], 2)
    assert sorted(slot.number for slot in floor.attack.take_waiting()) == [1, 2]
    floor.attack.ended()
    assert (floor.begun, len(floor.attack), floor.attack.waiting) == ([0], 0, 0)


async def test_what_is_due_later_is_not_left_to_others() -> None:
    floor = Floor(lanes=1)
    later_s = monotonic_s() + 1000
    floor.attack.offer([Slot(later_s + 1, 1, 0), Slot(later_s, 0, 0)])
    assert (floor.attack.waiting, floor.attack.take_waiting()) == (0, [])
    assert len(floor.attack) == 2


async def test_a_lane_that_opens_later_is_used_at_the_next_pump() -> None:
    floor = Floor(lanes=1)
    floor.attack.offer(closed(0, 1))
    floor.lanes = 2
    floor.attack.pump()
    assert floor.begun == [0, 1]


async def test_a_slot_waits_for_its_due_time_behind_one_alarm() -> None:
    floor = Floor(lanes=9)
    later_s = monotonic_s() + 1000
    floor.attack.offer([Slot(later_s, 0, 0), Slot(later_s + 1, 1, 0)])
    assert floor.begun == []
    assert [at_s for at_s, _ in floor.alarms] == [later_s]


async def test_an_earlier_slot_that_comes_later_gets_an_earlier_alarm() -> None:
    floor = Floor(lanes=9)
    later_s = monotonic_s() + 1000
    floor.attack.offer([Slot(later_s, 5, 0)])
    floor.attack.offer([Slot(later_s - 500, 3, 1)])
    assert [at_s for at_s, _ in floor.alarms] == [later_s, later_s - 500]


async def test_a_due_slot_without_a_lane_is_dropped_and_not_sent_late() -> None:
    floor = Floor(lanes=1)
    past_s = monotonic_s() - 1
    floor.attack.offer([Slot(past_s, i, 0) for i in range(3)])
    assert floor.begun == [0]
    assert floor.dropped == [1, 2]


async def test_what_is_offered_again_waits_for_a_lane_and_is_not_dropped() -> None:
    """It was sent when it was due."""
    floor = Floor(lanes=1)
    past_s = monotonic_s() - 1
    floor.attack.offer([Slot(past_s, 0, 0)])
    floor.attack.offer([Slot(past_s - 9, 1, attempt=1), Slot(past_s, 2, 0)])
    assert (floor.begun, floor.dropped) == ([0], [2])
    floor.attack.ended()
    assert (floor.begun, floor.dropped) == ([0, 1], [2])


async def test_a_retry_without_a_lane_waits_while_a_fresh_slot_is_dropped() -> None:
    floor = Floor(lanes=1)
    past_s = monotonic_s() - 1
    floor.attack.offer([Slot(past_s, 0, 0)])
    floor.attack.offer([Slot(past_s - 9, 1, 1, retries=1), Slot(past_s, 2, 0)])
    assert (floor.begun, floor.dropped) == ([0], [2])
    assert len(floor.attack) == 1
    floor.attack.ended()
    assert (floor.begun, floor.dropped) == ([0, 1], [2])
    assert len(floor.attack) == 0


async def test_a_retry_keeps_no_slot_from_its_due_time() -> None:
    floor = Floor(lanes=1)
    later_s = monotonic_s() + 1000
    floor.attack.offer([Slot(1.0, 0, 1, retries=1), Slot(1.0, 1, 1, retries=1)])
    floor.attack.offer([Slot(later_s, 2, 0)])
    assert floor.begun == [0]
    assert [at_s for at_s, _ in floor.alarms] == [later_s]
    assert floor.attack.last_due_s == later_s
    floor.attack.stop()
    floor.attack.ended()
    assert (floor.begun, len(floor.attack)) == ([0], 0)


async def test_a_burst_is_begun_in_small_batches_between_which_the_loop_reads() -> None:
    floor = Floor(lanes=1000)
    past_s = monotonic_s() - 1
    floor.attack.offer([Slot(past_s, i, 0) for i in range(100)])
    assert len(floor.begun) == 16
    for _ in range(10):
        await asyncio.sleep(0)
    assert floor.begun == list(range(100))


async def test_nothing_begins_after_a_stop() -> None:
    floor = Floor(lanes=1)
    floor.attack.offer(closed(0, 1))
    floor.attack.stop()
    floor.attack.ended()
    floor.attack.offer(closed(2))
    assert floor.begun == [0]
