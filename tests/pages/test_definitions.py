"""Definitions on pages are those of docs/metrics.md."""

import json
import re
from pathlib import Path

from api.pages.shell import definitions

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
FILE = Path(definitions.__file__).with_name("definitions.json")
_SECTION = re.compile(r"^### `(\w+)`\n+(.+?)(?:\n\n|\n(?=[-|#])|\Z)", re.M | re.DOTALL)


def of_docs() -> dict[str, str]:
    """The first paragraph of each name, without links."""
    found = _SECTION.findall(DOCS.read_text("utf-8"))
    plain = re.compile(r"\[([^\]]*)\]\([^)]*\)|(?<![*\w])\*([^*`]+)\*(?!\*)")
    return {
        name: " ".join(plain.sub(lambda m: m[1] or m[2], said).split())
        for name, said in found
    }


def test_the_definitions_are_those_of_the_docs() -> None:
    said = json.loads(FILE.read_text("utf-8"))
    assert said == of_docs(), "write it: python -m tests.pages.test_definitions"


def test_a_definition_is_text_and_never_markup() -> None:
    each = definitions.Definition("x", "`a < b`, **not** <img src=x>")
    assert each.html == "<code>a &lt; b</code>, not &lt;img src=x&gt;"


if __name__ == "__main__":
    text = json.dumps(of_docs(), ensure_ascii=False, indent=2)
    FILE.write_text(text + "\n", "utf-8")
