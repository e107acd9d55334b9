"""Answers and their checks: asked of a process beside the worker.

A check may take long, a pattern even for ever, and Python holds its lock meanwhile. So
none is made where calls are timed (docs/decisions/0042).

May import: `shared`.
"""

from worker.checks.checker import Checker

__all__ = ["Checker"]
