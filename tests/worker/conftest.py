"""What tests of whole runs share: a simulator, and workers that ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.children import Simulator, Workers, simulator, workers


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running
