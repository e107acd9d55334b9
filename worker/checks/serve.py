"""The process that checks: a line of stdin is an answer, a line of stdout what came.

    CHECKS tab TEXT         both as JSON, in which no tab is one
    [passed, name]          as `shared.checks.Checked` has it

It ends with its stdin, and so with its worker.
"""

import os
import signal
import sys
from collections import Counter
from functools import lru_cache

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from shared.checks import CheckKind, Checks, Judge, evaluate

_checks: TypeAdapter[Checks] = TypeAdapter(Checks)


@lru_cache(maxsize=1_000)
def _read(checks: bytes) -> tuple[CheckKind, ...]:
    found = _checks.validate_json(checks)
    return tuple(each for each in found if not isinstance(each, Judge))


def main() -> None:
    """Check until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker
    os.nice(5)  # whoever measures on this machine goes first
    late: Counter[str] = Counter()
    for line in iter(sys.stdin.buffer.readline, b""):
        checks, _, text = line.partition(b"\t")
        said = evaluate(_read(checks), from_json(text), late)
        sys.stdout.buffer.write(to_json(said) + b"\n")
        sys.stdout.buffer.flush()
