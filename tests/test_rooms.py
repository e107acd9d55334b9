"""Who may know whom: the imports of every file, read and not run.

Each test looks at all files at once and names every offender.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests import house
from tests.house import ROOT, Module

ROOMS = {
    "api": {"api", "shared"},
    "worker": {"worker", "shared"},
    "cli": {"cli", "shared"},
    "llmbench": {"llmbench", "shared"},
    "shared": {"shared"},
    "simulator": {"simulator"},
}
"""A room, and the rooms of ours that it may know."""

KNOWN_IN = {
    "fastapi": ("api/",),
    "arq": ("shared/queue.py", "worker/main.py"),
    "jinja2": ("api/pages/shell/",),
    "redis": ("shared/store/", "shared/queue.py"),
    "pandas": ("shared/analysis/", "shared/outputs/", "llmbench/"),
    "pyarrow": ("shared/outputs/parquet.py",),
    "scipy": ("shared/analysis/", "shared/comparison/"),
    "jsonschema": ("shared/checks/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "ruamel": ("cli/plan/", "shared/recipes/"),
    "fakeredis": (),
    "prometheus_client": ("api/", "worker/"),
    "opentelemetry": ("shared/tracing.py",),
}
"""A library, and the only files that may know it."""

HANDLES = {"redis.asyncio.Redis", "redis.Redis"}
"""A connection's type: others hand it on to `shared.store`, and that is all."""

PURE = (
    *(
        "shared/plan/",
        "shared/checks/",
        "shared/opinion/",
        "shared/money/",
        "shared/analysis/",
        "shared/comparison/",
    ),
    "shared/verdict/",
)
"""Packages that read no clock and no network, like `shared.run` and `shared.sample`."""

IMPURE = {"time", "datetime", "socket", "asyncio", "httpx", "redis", "shared.clock"}

SHOWN = {
    "shared.standards": {"headers", "http", "key_forms", "markdown", "units"},
    "shared.settings": {"address", "called", "check", "credentials", "upstreams"},
    "shared.startup": {"checks", "start", "ports", "reach"},
    "shared.access": set(),
    "shared.plan": {"input", "loads", "prompts", "plan_json", "durations", "model_id"},
    "shared.checks": set(),
    "shared.opinion": set(),
    "shared.wire": {"transport", "scheme"},
    "shared.answer": {"dialects", "refusal", "usage", "wording"},
    "shared.money": {"reconciliation"},
    "shared.upstream": {"allowance", "identity"},
    "shared.analysis": {"columns", "distributions", "no_rows", "summarize"},
    "shared.baselines": set(),
    "shared.comparison": {
        *("calls", "compare", "contest", "live", "looks", "method", "sides"),
    },
    "shared.recipes": set(),
    "shared.verdict": {"selftest"},
    "worker.shard": {"ready", "lanes"},
    "worker.rows": {"left_rows", "spool"},
    "worker.gate": set(),
    "worker.checks": set(),
    "worker.ended": {"reduce", "retention"},
    "worker.telemetry": set(),
    "worker.selftest": {"asked", "parts", "run"},
    "cli.plan": {"options", "flags"},
    "cli.stack": set(),
    "simulator.bodies": {"refusals"},
    "simulator.pace": {"limits"},
    "simulator.catalogue": {"cast", "routing", "rows"},
    "simulator.reply": {"words"},
    "simulator.faults": set(),
    "simulator.calls": set(),
    "simulator.server": set(),
}
"""A package, and the modules of it that others may import by their own name. All else
they take from the package itself, its face."""

MOST_FLOORS, MOST_MODULES, MOST_LINES = 9, 12, 300


def machinery() -> set[str]:
    """The flat files of `shared` that know nothing of benchmarks, the settings, and
    what others have fixed."""
    flat = {path.stem for path in (ROOT / "shared").glob("*.py")} - {"__init__"}
    known = {"run", "sample", "archive"}
    return (flat | {"settings", "standards"}) - known


def wrong_rooms(room: str, names: Iterator[str]) -> set[str]:
    """Rooms that are known and may not be."""
    return {name.split(".")[0] for name in names} & set(ROOMS) - ROOMS[room]


def wrong_libraries(path: str, names: Iterator[str]) -> set[str]:
    """Libraries that are known and may not be."""
    found = {name.split(".")[0] for name in set(names) - HANDLES} & set(KNOWN_IN)
    return {library for library in found if not path.startswith(KNOWN_IN[library])}


def wrong_insides(module: Module) -> set[str]:
    """What it takes from inside a package that is not its own."""
    found = set()
    for name in module.takes:
        for package, shown in SHOWN.items():
            if not name.startswith(package + ".") or module.name.startswith(package):
                continue
            inside = name.removeprefix(package + ".").split(".")
            if len(inside) > 1 and inside[0] not in shown:
                found.add(name)
    return found


def offenders(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Those with something wrong."""
    return {name: wrong for name, wrong in found.items() if wrong}


def place(module: Module) -> str:
    """Its path, from the root."""
    return module.path.relative_to(ROOT).as_posix()


def test_files_know_only_the_rooms_that_they_may() -> None:
    assert not offenders(
        {
            place(each): wrong_rooms(place(each).split("/")[0], iter(each.takes_to_run))
            for each in house.modules().values()
        }
    )


def test_files_know_only_the_libraries_that_they_may() -> None:
    assert not offenders(
        {
            place(each): wrong_libraries(place(each), iter(each.takes_to_run))
            for each in house.modules().values()
        }
    )


def test_files_take_from_a_package_s_face_or_from_modules_that_it_shows() -> None:
    assert not offenders(
        {place(each): wrong_insides(each) for each in house.modules().values()}
    )


def test_a_face_of_the_terminal_says_what_its_files_import() -> None:
    files = house.modules(("cli",)).values()
    faces = {each.path.parent: each for each in files if each.path.stem == "__init__"}
    unsaid: dict[str, set[str]] = {}
    for each in files:
        face = faces[each.path.parent]
        said = face.path.read_text("utf-8").partition("May import: ")[2]
        taken = {".".join(name.split(".")[:2]) for name in each.takes}
        others = {name for name in taken if name.startswith("cli.")}
        if face.name != "cli":
            own = ".".join(face.name.split(".")[:2])
            wrong = {name for name in others - {own} if f"`{name}`" not in said}
            unsaid.setdefault(face.name, set()).update(wrong)
    assert not offenders(unsaid)


def test_what_is_pure_reads_no_clock_and_no_network() -> None:
    def impure(module: Module) -> set[str]:
        names = {name for taken in module.takes_to_run for name in _prefixes(taken)}
        return names & IMPURE

    assert not offenders(
        {
            place(each): impure(each)
            for each in house.modules(("shared",)).values()
            if place(each).startswith((*PURE, "shared/run.py", "shared/sample.py"))
        }
    )


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts) + 1))


@pytest.mark.parametrize("room", ["shared", "worker", "api", "simulator"])
def test_what_stands_in_a_room_forms_layers_without_a_circle(room: str) -> None:
    assert max(house.floors(house.children(room)).values()) <= MOST_FLOORS


def test_no_folder_and_no_file_is_too_large_to_be_read_at_once() -> None:
    large = {name for name, size in house.folders().items() if size > MOST_MODULES}
    long = {place(m) for m in house.modules().values() if m.lines > MOST_LINES}
    assert not large | long


def test_no_two_classes_have_one_name() -> None:
    """Over all rooms but the simulator, which is another program: whoever reads a name
    knows which class it is."""
    homes: dict[str, set[str]] = {}
    for module in house.modules(("api", "worker", "cli", "shared")).values():
        for node in ast.parse(module.path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, set()).add(place(module))
    assert not {name: found for name, found in homes.items() if len(found) > 1}


# modules of worker/ that every package of it may take: records and small tools
LEAVES = {"assignment", "collector", "slot", "stop", "storeclock", "tasks", "wordings"}


@pytest.mark.parametrize("package", SHOWN)
def test_a_package_says_what_it_may_import_and_imports_no_more(package: str) -> None:
    room, _, name = package.partition(".")
    text = ast.get_docstring(
        ast.parse((ROOT / room / name / "__init__.py").read_text())
    )
    said = re.search(r"May import: (.*)", text or "", re.DOTALL)
    assert said, f"{package} does not say what it may import"
    may = {word.removeprefix(f"{room}.") for word in re.findall(r"`([^`]+)`", said[1])}
    if "machinery" in said[1]:
        may |= machinery()
    if room == "worker":
        may |= LEAVES
    taken = house.children(room)[name]
    assert taken <= may, f"{package} imports {sorted(taken - may)} unsaid"


@pytest.mark.parametrize("module", ["api.main", "worker.main", "cli.main"])
def test_a_process_starts_without_the_libraries_that_take_a_second(module: str) -> None:
    look = f"import sys, {module}; print({{'pandas', 'scipy'}} & {{*sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")


def test_every_room_was_looked_at() -> None:
    assert {place(each).split("/")[0] for each in house.modules().values()} == set(
        ROOMS
    )
