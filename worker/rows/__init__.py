"""What calls brought: read into rows, decided, and committed or kept on disk.

    exchange ──Probe.read──> row ──decide──> Committer ──> store, or the spool

May import: `shared`, `worker.assignment`, `worker.advance`, `worker.checks`.
"""

from worker.rows.committer import Committer
from worker.rows.decide import decide
from worker.rows.lane_guard import LaneGuard
from worker.rows.probe import Attempt, Probe, ReadAttempt
from worker.rows.reader import Reader, status_of

__all__ = [
    "Attempt",
    "Committer",
    "LaneGuard",
    "Probe",
    "ReadAttempt",
    "Reader",
    "decide",
    "status_of",
]
