"""`python -m tests.faults`: the faults at length, and the scorecard in the docs.

python -m tests.faults                     all of it; half an hour
python -m tests.faults matrix              the list of faults, by the tests of each
python -m tests.faults kills streams       these; the other lines stay
python -m tests.faults --short             each in a short form; the docs stay

What breaks is said, and the rest is measured all the same.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.figure import Figure
from tests.faults.scorecard import SECTIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "reliability.md"
_TABLE = re.compile(r"(<!-- scorecard -->\n).*?(<!-- end -->)", re.DOTALL)
_LINE = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|\n", re.MULTILINE)
_HEAD = "| # | figure | measured | bar | met | build |\n|---|---|---|---|---|---|\n"


def main() -> int:
    """0 when every bar that was measured is met, and nothing broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []])
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    of = build()
    figures: list[Figure] = []
    broken: list[str] = []
    for name in given.sections or SECTIONS:
        print(f"{name} ...", flush=True)
        try:
            found = asyncio.run(_of(name, not given.short))
        except Exception:
            traceback.print_exc()
            broken.append(name)
            continue
        figures += found
        print("".join(line(figure, of) for figure in found), flush=True)
        if not given.short:
            text = with_lines(DOCS.read_text("utf-8"), found, of)
            DOCS.write_text(text, encoding="utf-8")
    figures.sort(key=lambda figure: figure.number)
    print("\n" + _HEAD + "".join(line(figure, of) for figure in figures))
    if broken:
        print(f"not measured, since it broke: {', '.join(broken)}")
    return 1 if broken or not all(figure.met for figure in figures) else 0


async def _of(section: str, long: bool) -> list[Figure]:
    return await SECTIONS[section](long)


def build() -> str:
    """The commit, with a + where files differ from it, and the day."""

    def git(*args: str) -> str:
        argv = ("git", *args)
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True).stdout

    commit = git("rev-parse", "--short", "HEAD").strip() or "no commit"
    changed = git("status", "--porcelain", "--", ".", f":!{DOCS.relative_to(ROOT)}")
    return f"{commit}{'+' if changed else ''}, {datetime.now(UTC):%Y-%m-%d}"


def line(figure: Figure, of: str) -> str:
    """A line of the table; `of`: the build that was measured."""
    met = "yes" if figure.met else "**no**"
    said = (str(figure.number), figure.what, figure.measured, figure.bar, met, of)
    return f"| {' | '.join(said)} |\n"


def with_lines(text: str, figures: list[Figure], of: str) -> str:
    """The docs with these lines; lines of other figures stay as they are."""
    table = _TABLE.search(text)
    assert table is not None, f"{DOCS} has lost its markers"
    lines = {int(found[1]): found[0] for found in _LINE.finditer(table[0])}
    lines |= {figure.number: line(figure, of) for figure in figures}
    whole = "".join(lines[number] for number in sorted(lines))
    builds = {found[2].partition(",")[0] for found in _LINE.finditer(whole)}
    which = "of one build" if len(builds) == 1 else "**not all of one build**"
    body = f"Leases of 1.5 s, all on one machine; {which}.\n\n{_HEAD}{whole}"
    return _TABLE.sub(lambda found: found[1] + body + found[2], text)


if __name__ == "__main__":
    sys.exit(main())
