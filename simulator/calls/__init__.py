"""One call: from its request to the script of its reply, decided before it is sent.

May import: `bodies`, `pace`, `catalogue`, `reply`, `faults`, `config`, `ledger`.
"""

from simulator.calls.authorize import Refused, authorize
from simulator.calls.decide import decide
from simulator.calls.upstream import Upstream

__all__ = ["Refused", "Upstream", "authorize", "decide"]
