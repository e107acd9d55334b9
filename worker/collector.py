"""Python's cyclic collector, kept out of the way of what is timed.

A collection in the middle of a burst is the next largest error of a stamp after
parsing, so it waits until nothing is measured.
"""

import gc

from shared.clock import monotonic_s

EVERY_S = 60.0


def off() -> None:
    """No collection begins by itself from now on."""
    gc.disable()


def on() -> None:
    """Collections begin by themselves again, first of the objects made meanwhile."""
    gc.enable()
    gc.collect()


def is_off() -> bool:
    """Whether none begins by itself."""
    return not gc.isenabled()


class Young:
    """Collects the young objects once a minute while the collector is off, because a
    run may last for days. A collection takes some milliseconds."""

    def __init__(self) -> None:
        self._at_s = monotonic_s()

    def collect(self) -> None:
        """Collect, where a minute has passed since the last time."""
        if is_off() and monotonic_s() - self._at_s > EVERY_S:
            gc.collect(1)
            self._at_s = monotonic_s()
