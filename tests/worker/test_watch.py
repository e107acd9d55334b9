"""What a worker says of its own collector."""

import gc
from collections.abc import Iterator

import pytest

from shared.clock import sleep
from worker import collector
from worker.watch import Watch


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.enable()


async def policy(*, begins_on: bool = False, ends_on: bool = False) -> object:
    """As a watch saw it; between its beginning and its end it is off."""
    (collector.on if begins_on else collector.off)()
    watch = Watch()
    watch.start()
    await sleep(0.01)
    collector.off()
    await sleep(0.03)
    if ends_on:
        collector.on()
    return (await watch.stop())["gc_policy"]


async def test_the_collector_was_off_where_it_was_so_all_the_while() -> None:
    assert await policy() == "off"
    assert await policy(begins_on=True) == "on"
    assert await policy(ends_on=True) == "on"
