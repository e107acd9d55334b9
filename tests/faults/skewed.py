"""A worker whose clock on the wall is off: `python -m tests.faults.skewed`.

SKEW_FILE holds one double, the seconds to add; it may be written while the worker
runs. All that asks for the time of day in this process gets it so: our own clock, arq,
the log. The monotonic clock is left alone, as it is when NTP steps the other.

The kernel's receive stamps cannot be moved from here. They are read as if the clock at
the start had made them: a clock that is off all the time agrees with them, and after a
jump none of them fits, as one does that came just before it.
"""

import mmap
import os
import struct
import sys
import time
from pathlib import Path

_SECONDS = struct.Struct("d")
_true = time.time


def write(path: Path, skew_s: float) -> None:
    """Set the clock of the workers that were given this file."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(_SECONDS.pack(skew_s))


def main() -> int:
    """Bend the clock before anything is imported that might keep a true one."""
    with Path(os.environ["SKEW_FILE"]).open("rb") as file:
        at = mmap.mmap(file.fileno(), _SECONDS.size, access=mmap.ACCESS_READ)

    def skew_s() -> float:
        found: float = _SECONDS.unpack_from(at)[0]
        return found

    at_start_s = skew_s()
    time.time = lambda: _true() + skew_s()

    from shared.wire.connection import stamps as wire_stamps
    from worker.main import main as work

    wire_stamps._wall = lambda: _true() + skew_s() - at_start_s
    return work()


if __name__ == "__main__":
    sys.exit(main())
