"""What is done with a run that takes no more rows: reduced, compared with its bills,
kept within the limits of the disk.

May import: `shared`, and `worker.reaper` for the way to the next step.
"""

from worker.ended.reconcile import Reconciler
from worker.ended.reduces import Reduces

__all__ = ["Reconciler", "Reduces"]
