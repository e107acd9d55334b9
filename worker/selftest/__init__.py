"""Measured minus true on this machine: a whole stack of its own, and its figures.

May import: `shared`, and `worker.telemetry` for the machine.
"""

__all__ = []
