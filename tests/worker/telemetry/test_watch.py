"""What a worker says of itself and its settings."""

import gc
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from shared.clock import sleep
from shared.settings.settings import Settings
from worker import collector
from worker.telemetry.setup import set_as as told
from worker.telemetry.watch import Watch


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


def test_nothing_of_a_secret_is_told_of_the_settings() -> None:
    settings = Settings(
        openrouter_api_key=SecretStr("sk-secret"),
        openrouter_base_url="https://up.example/v1",
        upstream_proxy="http://me:secret@proxy.example:3128",
    )
    said = told([settings])
    assert said["proxy"] == "proxy.example:3128"
    assert said["settings"]["openrouter_base_url"] == "https://up.example/v1"
    assert "secret" not in str(said)
