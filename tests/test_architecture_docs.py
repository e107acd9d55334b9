"""docs/architecture.md says of the house what is measured."""

import re

from tests import house

DOCS = house.ROOT / "docs" / "architecture.md"
_TABLE = re.compile(r"(<!-- house -->\n).*?(<!-- end -->)", re.DOTALL)


def table() -> str:
    rows = (f"| {name} | {value} |\n" for name, value in house.figures().items())
    return "| figure | measured |\n|---|---|\n" + "".join(rows)


def test_the_figures_of_the_house_are_those_that_are_measured() -> None:
    found = _TABLE.search(DOCS.read_text("utf-8"))
    assert found is not None, "the markers of the table are gone"
    measured = f"<!-- house -->\n{table()}<!-- end -->"
    assert found[0] == measured, "write it: python -m tests.test_architecture_docs"


def test_each_file_that_it_names_is_there() -> None:
    named = re.findall(
        r"`((?:api|worker|shared|cli|simulator|tests)/[\w./]*)`",
        (DOCS.read_text("utf-8")),
    )
    assert [name for name in named if not (house.ROOT / name).exists()] == []


if __name__ == "__main__":
    text = DOCS.read_text("utf-8")
    DOCS.write_text(_TABLE.sub(lambda m: m[1] + table() + m[2], text), "utf-8")
