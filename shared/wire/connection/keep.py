"""How long a connection may wait for its next call.

A server that closes an idle connection just when a request is on its way takes the
request with it, and nobody can tell whether it was worked on. So we close it first.
"""

import re

KEEP_S = 4.0
"""Where the server does not say: uvicorn, Node and Apache close theirs after 5 s."""

MOST_S = 55.0
"""Balancers and NATs forget a silent connection after a minute without telling."""

LOST_AT_MOST = 2
"""So many connections lost under their second request, with none that served one in
between, and the server is taken for one that closes them without saying so."""

DISTRUST_S = 60.0
"""How long none is kept then."""

_MARGIN_S = 1.0
"""So long before the server; half of what it allows where that is less."""

_TIMEOUT = re.compile(rb"(?:^|[,;\s])timeout\s*=\s*\"?([0-9]{1,9})(?![0-9])", re.I)


def keep_s(header: bytes) -> float:
    """Seconds by the value of a `Keep-Alive` header; 0 where it may not wait at all.

    >>> keep_s(b"timeout=30, max=100"), keep_s(b"timeout=1"), keep_s(b"max=100")
    (29.0, 0.5, 4.0)
    """
    said = _TIMEOUT.search(header)
    if said is None:
        return KEEP_S
    allowed_s = float(said[1])
    return min(allowed_s - min(_MARGIN_S, allowed_s / 2), MOST_S)
