"""The wire has to keep its promises on both loops, so its tests run on both."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from tests.shared.own_authority import Authority, own_authority

LoopFactories = dict[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> LoopFactories:
    both = "wire" in item.path.relative_to(Path(__file__).parent).parts
    factories: LoopFactories = {"asyncio": asyncio.new_event_loop}
    return factories | {"uvloop": uvloop.new_event_loop} if both else factories


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One for all, since its keys take a while."""
    return own_authority(tmp_path_factory.mktemp("tls"))
