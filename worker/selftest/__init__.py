"""Measured minus true on this machine: a whole stack of its own, and its figures.

May import: `shared`, `worker.telemetry`.
"""

from worker.selftest.asked import SelfTests

__all__ = ["SelfTests"]
