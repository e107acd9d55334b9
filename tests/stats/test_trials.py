"""A run of each kind over sockets; `make stats` makes twenty."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stats.sockets import of_equals, of_providers, said_of
from tests.stats.trials import Bench, bench, moving, providers


@pytest.fixture
async def on(store_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(store_url, tmp_path) as running:
        yield running


async def test_a_run_says_what_was_true_of_the_simulator(on: Bench) -> None:
    (of_three,) = await said_of(on, providers(3), of_providers, 1)
    assert of_three.right  # of each two, the one that was made quicker
    assert of_three.holds == 3  # what the ledger says of these calls
    (of_two,) = await said_of(on, moving(5), of_equals, 1)
    assert of_two.intervals == 1
