"""A router whose shares move."""

from collections.abc import Callable
from itertools import groupby
from random import Random

import httpx
import pytest

from simulator.catalogue import MovingShares
from simulator.config import Config
from tests.simulator.simulator_client import OPENROUTER, ask

EAST, WEST = "globex/twin-east", "globex/twin-west"


@pytest.fixture
def moving(start: Callable[[Config], httpx.Client]) -> httpx.Client:
    return start(Config(router_calls=5, ttft_s=0, gap_s=0, tokens=1))


def served(sim: httpx.Client, model: str, calls: int, **more: object) -> list[str]:
    return [
        sim.post(OPENROUTER, json=ask(model, **more)).json()["provider"]
        for _ in range(calls)
    ]


def test_it_stays_with_a_choice_for_about_so_many_calls() -> None:
    shares = MovingShares(Random(1), 50)
    draws = [shares.draw() for _ in range(10_000)]
    stays = [len(list(same)) for _, same in groupby(draws)]
    assert 40 < sum(stays) / len(stays) < 62


def test_an_unpinned_model_is_served_by_one_provider_after_another(
    moving: httpx.Client,
) -> None:
    names = served(moving, EAST, 60)
    assert set(names) == {"Pelican", "Heron"}
    assert 4 <= len(list(groupby(names))) <= 30  # a draw for each call makes about 30


def test_each_model_moves_by_itself_and_a_pin_holds(moving: httpx.Client) -> None:
    pairs = [(served(moving, EAST, 1), served(moving, WEST, 1)) for _ in range(40)]
    assert {east == west for east, west in pairs} == {True, False}
    pinned = served(moving, EAST, 20, provider={"only": ["heron"]})
    assert set(pinned) == {"Heron"}


def test_the_ledger_tells_who_answered(moving: httpx.Client) -> None:
    names = served(moving, EAST, 20)
    ledger = moving.get("/sim/ledger").json()["records"]
    assert [record["provider"] for record in ledger[-20:]] == names
