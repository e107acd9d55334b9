"""`python -m tests.faults`: the faults at length, and the scorecard in the docs.

python -m tests.faults                     all of it; a good half hour
python -m tests.faults matrix              the list of faults, by the tests of each
python -m tests.faults kills streams       these; the other lines stay
python -m tests.faults --short             each in a short form; the docs stay
"""

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.figure import Figure
from tests.faults.scorecard import SECTIONS

DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"
_TABLE = re.compile(r"(<!-- scorecard -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = "| # | figure | measured | bar | met |\n|---|---|---|---|---|\n"


def main() -> int:
    """0 when every bar that was measured is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []])
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    figures: list[Figure] = []
    for name in given.sections or SECTIONS:
        print(f"{name} ...", flush=True)
        found = asyncio.run(_of(name, not given.short))
        figures += found
        print("".join(map(_line, found)), flush=True)
        if not given.short:
            _write(found)
    print("\n" + _HEAD + "".join(map(_line, sorted(figures, key=_number))))
    return 0 if all(figure.met for figure in figures) else 1


async def _of(section: str, long: bool) -> list[Figure]:
    return await SECTIONS[section](long)


def _number(figure: Figure) -> int:
    return figure.number


def _line(figure: Figure) -> str:
    met = "yes" if figure.met else "**no**"
    said = (str(figure.number), figure.what, figure.measured, figure.bar, met)
    return f"| {' | '.join(said)} |\n"


def _write(figures: list[Figure]) -> None:
    """Put these lines into the docs; lines of other figures stay as they are."""
    text = DOCS.read_text("utf-8")
    table = _TABLE.search(text)
    assert table is not None, f"{DOCS} has lost its markers"
    lines = {int(m[1]): m[0] for m in re.finditer(r"^\| (\d+) \|.*\n", table[0], re.M)}
    lines |= {figure.number: _line(figure) for figure in figures}
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    body = f"Last measured {today}, leases of 1.5 s, all on one machine.\n\n{_HEAD}"
    body += "".join(lines[number] for number in sorted(lines))
    DOCS.write_text(_TABLE.sub(lambda m: m[1] + body + m[2], text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
