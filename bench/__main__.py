"""`python -m bench`: measure, print the table, write RESULTS.md."""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import peers
from bench.cases import CASES, SECTIONS
from bench.machine import describe, stay_on_other_core
from bench.report import Line, document, table
from bench.setting import Bench
from bench.stub import build

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Read the options, run the cases, write the results of a whole run."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument(
        "--peers", action="store_true", help="install the peers that are missing"
    )
    options.add_argument(
        "--alone", action="store_true", help="run no peer; show earlier figures"
    )
    options.add_argument("--repeats", type=int, default=3, help="of each of ours")
    options.add_argument(
        "--only",
        nargs="+",
        choices=[*CASES, *SECTIONS],
        help="some cases; prints, writes nothing",
    )
    given = options.parse_args()
    machine = describe()
    stay_on_other_core()
    if given.peers:
        peers.install()
    lines: list[Line] = []
    sections: list[str] = []
    with tempfile.TemporaryDirectory(prefix="llmbench-bench-") as name:
        program, has_tls = build(Path(name))
        for case in given.only or [*CASES, *SECTIONS]:
            print(f"{case} ...", flush=True)
            folder = Path(name) / case
            folder.mkdir()
            bench = Bench(
                program, has_tls, folder, given.repeats, run_others=not given.alone
            )
            if case in SECTIONS:
                sections.append(asyncio.run(SECTIONS[case](bench)))
            else:
                lines += asyncio.run(_measure(case, bench))
    print("\n".join([table(lines), *sections] if lines else sections))
    if not given.only:
        date = datetime.now(UTC).date().isoformat()
        whole = document(machine, date, lines, _missing(given.alone))
        RESULTS.write_text("\n".join([whole, *sections]))
        print(f"written to {RESULTS.relative_to(Path.cwd())}")


async def _measure(case: str, bench: Bench) -> list[Line]:
    return await CASES[case](bench)


def _missing(alone: bool) -> str:
    all_of_them = {**peers.PEERS, "litellm": peers.GATEWAY}
    absent = [name for name, peer in all_of_them.items() if not peers.installed(peer)]
    if alone:
        absent = list(all_of_them)
    absent += ["guidellm", "aiperf"]
    return f"Not run this time: {', '.join(absent)}.\n"


if __name__ == "__main__":
    main()
