"""How fast: when each token is due, waiting for it, and how many calls are too many.

May import: `bodies`, for the errors of a limit.
"""

from simulator.pace.pacer import Pacer
from simulator.pace.timing import Pace, every, schedule

__all__ = ["Pace", "Pacer", "every", "schedule"]
