"""A wall that is broken is seen: what `test_rooms` finds in files that are made up."""

import ast

import pytest

from tests import house
from tests.house import ROOT, Module
from tests.test_rooms import wrong_insides, wrong_libraries, wrong_rooms


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("api", "import worker.main"),
        ("worker", "from api.parts import views"),
        ("worker", "def late():\n    from api.schemas import Job"),
        ("shared", "try:\n    import cli\nexcept ImportError:\n    pass"),
        ("simulator", "from shared.clock import sleep"),
    ],
)
def test_a_door_that_must_stay_shut_is_seen_when_it_opens(
    room: str, source: str
) -> None:
    assert wrong_rooms(room, house.imports(ast.parse(source)))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shared/run.py", "import redis"),
        ("worker/shard/shard.py", "from redis.asyncio import Redis, ConnectionPool"),
        ("worker/shard/attack.py", "from arq.worker import Worker"),
        ("shared/plan/plan.py", "def f():\n    import fastapi.sse"),
        ("api/main.py", "import pandas as pd"),
    ],
)
def test_a_library_where_it_must_not_be_is_seen(path: str, source: str) -> None:
    assert wrong_libraries(path, house.imports(ast.parse(source)))


def test_a_circle_is_seen_and_named() -> None:
    with pytest.raises(ValueError, match="a circle: a -> b -> a"):
        house.floors({"a": {"b"}, "b": {"a"}, "c": {"a"}})
    assert house.floors({"a": {"b"}, "b": set(), "c": {"a", "b"}}) == {
        "a": 2,
        "b": 1,
        "c": 3,
    }


def test_an_inside_that_is_taken_past_the_face_is_seen() -> None:
    taken = ("shared.wire.call.Call", "shared.wire.Wire", "shared.plan.loads.Load")
    stranger = Module("api.x", ROOT / "api" / "x.py", 1, taken, taken)
    assert wrong_insides(stranger) == {"shared.wire.call.Call"}
