"""docs/architecture.md says of the house what is measured."""

import re

import pytest

from tests import house

DOCS = house.ROOT / "docs" / "architecture.md"
_TABLE = re.compile(r"(<!-- house -->\n).*?(<!-- end -->)", re.DOTALL)


WAYS = {
    "The way of a byte": "files from the socket to a percentile",
    "The way of a plan": "files from POST to CSV",
}
"""Sections that list files in the order of the calls, and how their number is named."""


def way(section: str) -> list[str]:
    """The files that a section lists, in order."""
    text = DOCS.read_text("utf-8").partition(f"## {section}\n")[2]
    return re.findall(r"^\d+\. `([\w/.]+)`", text.partition("\n## ")[0], re.MULTILINE)


def table() -> str:
    counted = {name: str(len(way(section))) for section, name in WAYS.items()}
    named = (house.figures() | counted).items()
    rows = (f"| {name} | {value} |\n" for name, value in named)
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


@pytest.mark.parametrize("section", WAYS)
def test_a_way_leads_from_file_to_file(section: str) -> None:
    """Each is reached from the first one by imports among those that are listed, so no
    file stands there that has nothing to do with the others. Where the store or another
    process hands on, both ends know the same records."""
    files = way(section)
    assert len(files) == len(set(files)) > 1
    near = house.neighbours(files)
    reached, ahead = {files[0]}, [files[0]]
    while ahead:
        new = near[ahead.pop()] - reached
        reached |= new
        ahead += new
    assert [path for path in files if path not in reached] == []


if __name__ == "__main__":
    text = DOCS.read_text("utf-8")
    DOCS.write_text(_TABLE.sub(lambda m: m[1] + table() + m[2], text), "utf-8")
