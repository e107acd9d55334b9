"""A plan file as it was written: its values, and the line of each.

YAML is read as 1.2, where `on` is a word and not a truth, and safely: no tag makes an
object. JSON is read as JSON.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.errors import BadPlan

PLANS = (".yaml", ".yml", ".json")
"""Extensions of plans; every other file holds prompts."""

MOST_VALUES = 1_500_000
MOST_COPIES = 10_000
"""An alias that stands for many others stops the reading here, not the machine: values
in all, and of them those that stand elsewhere already."""

_LONGEST_FIELD = 200


@dataclass(frozen=True, slots=True)
class Document:
    """A plan before it is checked."""

    name: str
    """As people call it: a path, or `standard input`."""
    folder: Path
    """To which the files that it names are relative."""
    record: dict[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each value stands, from 1: `load.stages[2].rate_per_s` -> 7."""

    def place(self, path: str) -> str:
        """`plan.yaml, line 7`: where that field is, or what it would stand in."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        line = self.lines.get(path)
        return self.name if line is None else f"{self.name}, line {line}"


def of_prompts(file: Path) -> Document:
    """A plan of nothing but a prompt file."""
    return Document(str(file), Path(), {"prompts": {"file": str(file)}})


def read(file: str) -> Document:
    """The plan in this file; `-` is standard input. Raises BadPlan."""
    if file == "-":
        return parse(sys.stdin.read(), "standard input", Path())
    try:
        text = Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise BadPlan(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise BadPlan(f"{file} is not UTF-8. Save it as UTF-8.") from None
    return parse(text, file, Path(file).parent)


def parse(text: str, name: str, folder: Path) -> Document:
    """The plan in this text; raises BadPlan, which names the line."""
    try:
        return _parsed(text, name, folder)
    except RecursionError:
        raise BadPlan(f"{name} is no plan: it is nested too deeply.") from None


def _parsed(text: str, name: str, folder: Path) -> Document:
    is_json = name.endswith(".json") or text.lstrip().startswith("{")
    lines = {} if is_json else _lines(text, name)
    try:
        found = json.loads(text) if is_json else _yaml().load(text)
    except json.JSONDecodeError as error:
        said = f"{name}, line {error.lineno}: it is not JSON ({error.msg})."
        raise BadPlan(said) from None
    except YAMLError as error:
        raise _not_yaml(error, name) from None
    if not isinstance(found, dict):
        raise BadPlan(
            f"{name} is no plan: it is not a list of `field: value`. For one to begin"
            " with: llmbench init"
        )
    return Document(name, folder, found, lines or _lines_of_json(text))


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _lines(text: str, name: str) -> dict[str, int]:
    try:
        node = _yaml().compose(text)
    except YAMLError as error:
        raise _not_yaml(error, name) from None
    found: dict[str, int] = {}
    for path, line in _Places(name).of(node):
        found.setdefault(path, line)
        if len(found) > MOST_VALUES:
            raise BadPlan(f"{name} has more than {MOST_VALUES} values.")
    return found


def _lines_of_json(text: str) -> dict[str, int]:
    """Most JSON is YAML; of the rest no lines are known."""
    try:
        return _lines(text, "")
    except BadPlan:
        return {}


class _Places:
    """Of each value of a document its path and the line of its name.

    An alias is the very node that it stands for, so a document may be a graph.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[int] = set()
        self._copies = 0

    def of(
        self, node: Node | None, path: str = "", above: frozenset[int] = frozenset()
    ) -> Iterator[tuple[str, int]]:
        """Raises BadPlan for one that holds itself, and for too many by aliases."""
        if not isinstance(node, MappingNode | SequenceNode):
            return
        place = f"{self._name}, line {node.start_mark.line + 1}"
        if id(node) in above:
            raise BadPlan(f"{place}: an alias in here stands for the whole of it.")
        above |= {id(node)}
        if id(node) in self._seen:
            self._copies += len(node.value)
            if self._copies > MOST_COPIES:
                raise BadPlan(
                    f"{place}: aliases stand for more than {MOST_COPIES} values."
                )
        self._seen.add(id(node))
        for index, each in enumerate(node.value):
            if isinstance(node, MappingNode):
                named, value = each
                inside = f"{path}.{self._field(named)}" if path else self._field(named)
            else:
                named = value = each
                inside = f"{path}[{index}]"
            yield inside, named.start_mark.line + 1
            yield from self.of(value, inside, above)

    def _field(self, named: Node) -> str:
        """Cut, since every path within repeats it."""
        if not isinstance(named, ScalarNode):
            line = named.start_mark.line + 1
            raise BadPlan(f"{self._name}, line {line}: a field's name is a word.")
        return str(named.value)[:_LONGEST_FIELD]


def _not_yaml(error: YAMLError, name: str) -> BadPlan:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return BadPlan(f"{name} is not YAML ({str(error).splitlines()[0]}).")
    line = error.problem_mark.line + 1
    said = (error.problem or "it cannot be read").splitlines()[0]
    return BadPlan(f"{name}, line {line}: it is not YAML ({said}).")
