"""Leave to send a call: each limit, budget, pace, rest and outage may hold it back.

Each is a `Gate`; `Gates` asks them in order. May import: `shared`, `worker.rows` for
what has ended.
"""

from worker.gate.breaker import Breaker, Waits
from worker.gate.gates import Gates
from worker.gate.purse import Purse

__all__ = ["Breaker", "Gates", "Purse", "Waits"]
