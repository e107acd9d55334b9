"""What is done with a run that takes no more rows: reduced, compared with its bills,
kept within the limits of the disk.

May import: `shared`.
"""

from worker.ended.reconcile import Reconciler
from worker.ended.reduce_queue import ReduceQueue

__all__ = ["Reconciler", "ReduceQueue"]
