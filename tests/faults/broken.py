"""A worker with a bug: `python -m tests.faults.broken`, and BREAK says where.

ring     what arq calls at a ring raises each time
arq      arq itself raises each time that it is started
look     every look at the runs raises: this worker can do nothing
"""

import os
import sys
from typing import Any

from shared import queue
from worker import main, station

SENTENCE = "a bug of the tests"


async def _raise(*_: Any, **__: Any) -> None:
    raise LookupError(SENTENCE)


def _raise_now(*_: Any, **__: Any) -> None:
    raise LookupError(SENTENCE)


def bend(part: str) -> None:
    """Break one part of the program that is about to run."""
    if part == "ring":
        main.__dict__["_at_ring"] = lambda _: _raise
    elif part == "arq":
        queue.__dict__["make_worker"] = _raise_now
    elif part == "look":
        station.Station.claim_work = _raise  # type: ignore[method-assign]
    else:
        sys.exit(f"BREAK={part} is none of ring, arq, look")


if __name__ == "__main__":
    bend(os.environ["BREAK"])
    sys.exit(main.main())
