"""The wire has to keep its promises on both loops, so its tests run on both."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

LoopFactories = dict[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> LoopFactories:
    both = item.path.name.startswith(("test_wire", "test_transport"))
    factories: LoopFactories = {"asyncio": asyncio.new_event_loop}
    return factories | {"uvloop": uvloop.new_event_loop} if both else factories
