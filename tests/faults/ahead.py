"""A simulator whose wall clock is ahead by AHEAD_S seconds: `python -m
tests.faults.ahead`, with the simulator's own options.

Its timers are left alone, as libfaketime would not: it moves those of `timerfd`, too.
"""

import os
import time

_true = time.time


def main() -> None:
    """Bend the clock before anything is imported that might keep a true one."""
    ahead_s = float(os.environ["AHEAD_S"])
    time.time = lambda: _true() + ahead_s

    from simulator.__main__ import main as simulate

    simulate()


if __name__ == "__main__":
    main()
