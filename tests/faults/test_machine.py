"""The store's operations in any order, against a real server: what must always hold."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from shared.sample import Kind
from shared.store.run.leases import Lease
from tests.faults.machine import SLOTS, STEPS, Machine, lease


class Lives(Machine):
    """With workers that bring what they have taken, in time or too late."""

    @precondition(lambda self: self._live)
    @rule(i=lease, kinds=st.lists(st.sampled_from(["retry", "again"]), max_size=3))
    def work(self, i: int, kinds: list[Kind]) -> None:
        """A worker as it should be: it takes slots, and brings rows of each until the
        last one closes it."""
        for kind in (*kinds, "ok"):
            mine, slots_ = self._take_some(i)
            for slot in slots_:
                self._commit(mine, slot, kind)

    @precondition(lambda self: self._live)
    @rule(i=lease)
    def oversleep(self, i: int) -> None:
        """It has slots in hand, sleeps past its lease, and then brings its rows."""
        mine, slots_ = self._take_some(i)
        self.expire(i)
        self.claim()
        for slot in slots_:
            self._commit(mine, slot, "ok")

    @precondition(lambda self: self._live)
    @rule(i=lease)
    def finish_all(self, i: int) -> None:
        """All that is left is done, step by step, and reduced twice."""
        for _ in STEPS:
            for _ in range(SLOTS):
                if self._live:
                    mine, slots_ = self._take_some(i)
                    for slot in slots_:
                        self._commit(mine, slot, "ok")
            self.advance()
            self.claim()
        self.finish()
        self.finish()

    def _take_some(self, i: int) -> tuple[Lease, list[int]]:
        """By a live lease; it, and all that it has in hand."""
        shard = sorted(self._live)[i % len(self._live)]
        mine = self._live[shard]
        self.take(self._leases[::-1].index(mine), 3)
        return mine, [slot for slot, of in self._hands.items() if of == shard]


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_no_order_of_operations_breaks_the_store(store_url: str) -> None:
    # by chance a short search now and then misses one of the faults
    check(store_url, examples=60, always_the_same=True)


@pytest.mark.long
@pytest.mark.filterwarnings("default::ResourceWarning")
def test_no_order_of_operations_breaks_the_store_in_many_lives(store_url: str) -> None:
    check(store_url, examples=400)


def check(
    store_url: str, *, examples: int, steps: int = 40, always_the_same: bool = False
) -> None:
    """So many random lives of a run."""
    Machine.url = store_url
    Machine.fired.clear()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=always_the_same,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(+Machine.fired) == 10, f"a fault did not happen: {Machine.fired}"
