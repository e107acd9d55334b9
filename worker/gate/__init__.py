"""Leave to send: limits, budgets, the pace, rests and outages, asked before a call.

May import: `shared`, `worker.rows` for what has ended.
"""

from worker.gate.beside import Beside
from worker.gate.breaker import Breaker, Waits
from worker.gate.gate import Gate
from worker.gate.openings import Openings
from worker.gate.purse import Purse
from worker.gate.rests import Rests
from worker.gate.signs import Ended

__all__ = ["Beside", "Breaker", "Ended", "Gate", "Openings", "Purse", "Rests", "Waits"]
