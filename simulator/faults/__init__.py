"""How it fails: each fault a sentence and a pure function; `table` has them by name.

May import: `bodies`, `pace`, `reply`.
"""

from simulator.faults.fault import Fault, Params
from simulator.faults.table import FAULTS, parse

__all__ = ["FAULTS", "Fault", "Params", "parse"]
