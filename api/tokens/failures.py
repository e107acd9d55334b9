"""How often who has tried tokens that are not good, by address.

A secret of 256 bits cannot be tried out; this keeps a broken client from costing more
than an answer, and the log from filling.
"""

from collections import OrderedDict

from starlette.types import Scope as Asked

from shared.clock import monotonic_s

MOST_A_MINUTE = 30
_MOST_ADDRESSES = 10_000
_MINUTE_S = 60.0


class Failures:
    """The addresses from which tokens came that are not good, in the last minute."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def note(self, asked: Asked) -> bool:
        """Count one; whether there were too many before it. A token that is good is
        never refused for those."""
        address = (asked.get("client") or ("unknown", 0))[0]
        since_s, n = self._seen.pop(address, (monotonic_s(), 0))
        if monotonic_s() - since_s > _MINUTE_S:
            since_s, n = monotonic_s(), 0
        self._seen[address] = since_s, n + 1
        if len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        return n >= MOST_A_MINUTE
