"""`python -m tests.stats`: how often a comparison is wrong, and the tables of the docs.

python -m tests.stats                  all of it; ten minutes
python -m tests.stats latency looks    these; the other tables stay
python -m tests.stats --short          a twentieth of the runs; the docs stay

The code is that of the product; the runs are drawn, with a seed, so that the same build
gives the same tables (`sockets` has real time in it). 1 when a gate is not met.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.stats import coverage, power, stopping
from tests.stats.counting import SEED
from tests.stats.section import Section
from tests.stats.sockets import sockets

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "statistics.md"


def _sockets(runs: int) -> Section:
    return asyncio.run(sockets(runs))


SECTIONS: dict[str, tuple[Callable[[int], Section], int]] = {
    "latency": (coverage.latency, coverage.RUNS),
    "others": (coverage.others, coverage.RUNS),
    "power": (power.differences, power.RUNS),
    "equivalence": (power.equivalences, power.RUNS),
    "many": (power.many, 400),
    "looks": (stopping.looks, stopping.RUNS),
    "band": (stopping.live, stopping.RUNS),
    "sides": (power.sides, 2000),
    "sockets": (_sockets, 20),
}
"""Each table, and how many runs it takes."""


def main() -> int:
    """0 when every gate is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.stats")
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []])
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    of, broken = build(), []
    for name in given.sections or SECTIONS:
        make, runs = SECTIONS[name]
        began = time.process_time()
        section = make(max(1, runs // 20) if given.short else runs)
        print(section.table(), flush=True)
        print(f"{name}: {time.process_time() - began:.0f} s\n", flush=True)
        broken += section.broken
        if not given.short:
            text = with_table(DOCS.read_text("utf-8"), section, of)
            DOCS.write_text(text, encoding="utf-8")
    for each in broken:
        print(f"not met: {each}")
    return 1 if broken and not given.short else 0


def build() -> str:
    """The commit, with a + where files differ from it, the day and the seed."""

    def git(*args: str) -> str:
        argv = ("git", *args)
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True).stdout

    commit = git("rev-parse", "--short", "HEAD").strip() or "no commit"
    changed = git("status", "--porcelain", "--", ".", f":!{DOCS.relative_to(ROOT)}")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"Build {commit}{'+' if changed else ''}, {day}, seed {SEED}."


def with_table(text: str, section: Section, of: str) -> str:
    """The docs with this table; the others stay as they are."""
    marks = re.compile(rf"(<!-- {section.name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert marks.search(text), f"{DOCS} has lost the marks of {section.name}"
    met = "All gates are met." if not section.broken else _not_met(section)
    body = f"{section.table()}\n{of} {met}\n"
    return marks.sub(lambda found: found[1] + body + found[2], text)


def _not_met(section: Section) -> str:
    return "**Not met:** " + "; ".join(section.broken) + "."


if __name__ == "__main__":
    sys.exit(main())
