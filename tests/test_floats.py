"""No quantity is compared by identity.

Two floats that are equal may be one object or two, as the interpreter likes; a compiled
build has no such objects at all. Where it matters whether one was taken over from
another, something says so by itself.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("api", "cli", "llmbench", "shared", "simulator", "worker")
UNITS = ("_s", "_ms", "_ns", "_usd", "_nano", "_share", "_bytes", "_tokens")


def by_identity(source: str) -> list[int]:
    """Lines that compare a quantity, named by its unit, by `is` to anything but a
    constant."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
        and not any(isinstance(each, ast.Constant) for each in node.comparators)
        and any(_is_quantity(each) for each in (node.left, *node.comparators))
    ]


def _is_quantity(node: ast.expr) -> bool:
    name = getattr(node, "attr", None) or getattr(node, "id", "")
    return str(name).endswith(UNITS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_quantity_is_compared_by_identity(room: str) -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / room).rglob("*.py")
        if (lines := by_identity(path.read_text("utf-8")))
    }
    assert found == {}


def test_the_rule_knows_what_it_looks_for() -> None:
    assert by_identity("dated = stamp_s is not now_s") == [1]
    assert by_identity("a.cost_usd is b") == [1]
    assert by_identity("stamp_s is None or stamp_s is not None or one is two") == []
