"""What calls brought: read into rows, decided, and committed or kept on disk.

May import: `shared`.
"""

from worker.rows.commits import Commits
from worker.rows.decide import decide
from worker.rows.lane_guard import LaneGuard
from worker.rows.probe import Call, Probe
from worker.rows.rows import Rows, status_of

__all__ = ["Call", "Commits", "LaneGuard", "Probe", "Rows", "decide", "status_of"]
