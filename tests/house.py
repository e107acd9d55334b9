"""The structure of the checkout, read from its files and run from none of them: who
imports whom, on how many floors, in folders and files of which size."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ROOMS = ("api", "worker", "shared", "cli", "simulator", "llmbench")

Graph = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Module:
    """One file of ours."""

    name: str
    """As it is imported; a package's is that of its `__init__`."""
    path: Path
    lines: int
    takes: tuple[str, ...]
    """Full names of what it imports, where types alone are wanted too."""
    takes_to_run: tuple[str, ...]
    """Those that are imported when it runs."""


def modules(rooms: Iterable[str] = ROOMS) -> dict[str, Module]:
    """Every file of these rooms, by its name."""
    found = (_read(path) for room in rooms for path in (ROOT / room).rglob("*.py"))
    return {module.name: module for module in found}


def imports(tree: ast.AST, *, types: bool = False) -> Iterator[str]:
    """Full names of what a source imports, at any depth. types: also what stands under
    TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if not types and _is_for_types(node):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "say the whole name of a module"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from imports(node, types=types)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def children(room: str) -> Graph:
    """Who takes from whom among the files and folders that stand right in a folder:
    `children("shared")["plan"]` are names of others in `shared`."""
    prefix = room + "."
    graph: Graph = {}
    for module in modules((room.split(".")[0],)).values():
        if not module.name.startswith(prefix):
            continue
        child = module.name.removeprefix(prefix).split(".")[0]
        taken = {
            name.removeprefix(prefix).split(".")[0]
            for name in module.takes
            if name.startswith(prefix)
        }
        graph.setdefault(child, set()).update(taken - {child})
    return {child: taken & set(graph) for child, taken in graph.items()}


def floors(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """On which floor each stands: 1 where it takes from nobody, else one above the
    highest that it takes from. Raises ValueError with the names of a circle."""
    found: dict[str, int] = {}

    def floor(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            circle = (*above[above.index(name) :], name)
            raise ValueError("a circle: " + " -> ".join(circle))
        if name not in found:
            below = (floor(other, (*above, name)) for other in sorted(graph[name]))
            found[name] = 1 + max(below, default=0)
        return found[name]

    for name in sorted(graph):
        floor(name, ())
    return found


def folders(rooms: Iterable[str] = ROOMS) -> dict[str, int]:
    """How many modules stand right in each folder, its `__init__` not counted."""
    found: dict[str, int] = {}
    for module in modules(rooms).values():
        if module.path.name not in ("__init__.py", "__main__.py"):
            folder = module.path.parent.relative_to(ROOT).as_posix()
            found[folder] = found.get(folder, 0) + 1
    return found


def neighbours(paths: Iterable[str]) -> Graph:
    """Which of these files take from each other, by path and in both directions; what
    is taken from a package's face counts as taken from the file behind it."""
    ours = modules()
    names = {
        module.path.relative_to(ROOT).as_posix(): module for module in ours.values()
    }
    wanted = {names[path].name: path for path in paths}
    graph: Graph = {path: set() for path in wanted.values()}
    for name, path in wanted.items():
        for taken in ours[name].takes:
            package, _, word = taken.rpartition(".")
            behind = ours[package].takes if package in ours else ()
            for each in (taken, *(b for b in behind if b.endswith(f".{word}"))):
                other = wanted.get(each) or wanted.get(each.rpartition(".")[0])
                if other and other != path:
                    graph[path].add(other)
                    graph[other].add(path)
    return graph


def figures() -> dict[str, str]:
    """What docs/architecture.md says of the house."""
    lines = {m.path: m.lines for m in modules().values() if m.lines > 5}
    longest = max(lines, key=lambda path: (lines[path], path))
    sizes = folders()
    largest = max(sizes, key=lambda folder: (sizes[folder], folder))
    return {
        "floors of shared/": str(max(floors(children("shared")).values())),
        "floors of worker/": str(max(floors(children("worker")).values())),
        "largest folder": f"{largest}/, {sizes[largest]} modules",
        "median file": f"about {round(median(lines.values()), -1):.0f} lines",
        "longest file": f"{longest.relative_to(ROOT)}, {lines[longest]} lines",
    }


@cache
def _read(path: Path) -> Module:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    parts = path.relative_to(ROOT).with_suffix("").parts
    return Module(
        name=".".join(parts[:-1] if parts[-1] == "__init__" else parts),
        path=path,
        lines=len(source.splitlines()),
        takes=tuple(imports(tree, types=True)),
        takes_to_run=tuple(imports(tree)),
    )
