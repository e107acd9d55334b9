"""What calls brought: read into rows, decided, and committed or kept on disk.

May import: `shared`, `worker.advance`.
"""

from worker.rows.commits import Commits
from worker.rows.decide import decide
from worker.rows.probe import Call, Probe
from worker.rows.rows import Rows, status_of
from worker.rows.unsettled import Unsettled

__all__ = ["Call", "Commits", "Probe", "Rows", "Unsettled", "decide", "status_of"]
