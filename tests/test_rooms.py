"""Who may know whom: the imports of every file, read and not run."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = {
    "api": {"api", "shared"},
    "worker": {"worker", "shared"},
    "cli": {"cli", "shared"},
    "shared": {"shared"},
    "simulator": {"simulator"},
}
"""A room, and the rooms of ours that it may know."""

KNOWN_IN = {
    "fastapi": ("api/",),
    "arq": ("shared/queue.py", "worker/main.py"),
    "redis": ("shared/store/", "shared/queue.py"),
    "pandas": (
        "shared/analysis/summarize.py",
        "shared/analysis/columns.py",
        "shared/outputs/",
    ),
    "scipy": ("shared/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "fakeredis": (),
    "prometheus_client": ("api/", "worker/"),
    "opentelemetry": ("shared/tracing.py",),
}
"""A library, and the only files that may know it."""

HANDLES = {"redis.asyncio.Redis", "redis.Redis"}
"""A connection's type: others hand it on to `shared.store`, and that is all."""

PURE = ("plan", "run", "sample", "metrics", "summary", "verdict")
"""Modules of `shared` that read no clock, no network and no environment."""

FILES = [
    path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")
]


def imports(source: str) -> Iterator[str]:
    """Full names of the modules that a source imports; not those for types alone."""
    for node in _all(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "say the whole name of a module"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _all(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if _is_for_types(node):
            continue
        yield node
        yield from _all(node)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def wrong_rooms(room: str, names: Iterator[str]) -> set[str]:
    """Rooms that are known and may not be."""
    return {name.split(".")[0] for name in names} & set(ROOMS) - ROOMS[room]


def wrong_libraries(path: str, names: Iterator[str]) -> set[str]:
    """Libraries that are known and may not be."""
    found = {name.split(".")[0] for name in set(names) - HANDLES} & set(KNOWN_IN)
    return {library for library in found if not path.startswith(KNOWN_IN[library])}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_knows_only_the_rooms_that_it_may(path: Path) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert not wrong_rooms(path.parts[0], imports(source))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_knows_only_the_libraries_that_it_may(path: Path) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert not wrong_libraries(path.as_posix(), imports(source))


@pytest.mark.parametrize("module", ["api.main", "worker.main", "cli.main"])
def test_a_process_starts_without_the_libraries_that_take_a_second(module: str) -> None:
    look = f"import sys, {module}; print({{'pandas', 'scipy'}} & {{*sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_reads_no_clock_no_network_and_no_environment(name: str) -> None:
    path = ROOT / "shared" / f"{name}.py"
    impure = {"time", "datetime", "os", "socket", "asyncio", "httpx", "shared.clock"}
    for module in imports(path.read_text("utf-8")):
        parts = module.split(".")
        assert parts[0] not in impure
        assert ".".join(parts[:2]) not in impure


def test_every_room_was_looked_at() -> None:
    assert {path.parts[0] for path in FILES} == set(ROOMS)


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
    assert wrong_rooms(room, imports(source))


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
    assert wrong_libraries(path, imports(source))
