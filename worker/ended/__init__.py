"""A run that takes no more rows is reduced, then compared with its bills; its files are
deleted when they are old or too large.

May import: `shared`, `worker.advance`, `worker.tasks`, `worker.telemetry`.
"""

from worker.ended.reconcile import Reconciler
from worker.ended.reduce_queue import ReduceQueue

__all__ = ["Reconciler", "ReduceQueue"]
