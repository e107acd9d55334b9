"""How it is asked: an HTTP/1.1 client of our own that stamps every read.

A `Call` sends one request once and leaves an `Exchange`: each read with its kernel
stamp, or the failure. It knows no model, no plan and no store.

May import: the machinery.
"""

from shared.wire.call import Call
from shared.wire.connection.scheme import WANTS_TLS, wants_tls
from shared.wire.connection.tls import tls_context
from shared.wire.exchange import Exchange, LateRead
from shared.wire.limits import Caps, Deadlines, caps_for
from shared.wire.pacer import Pacer
from shared.wire.parse import Response
from shared.wire.request import Origin, Request, request
from shared.wire.wire import StampCounts, Wire

__all__ = [
    "WANTS_TLS",
    "Call",
    "Caps",
    "Deadlines",
    "Exchange",
    "LateRead",
    "Origin",
    "Pacer",
    "Request",
    "Response",
    "StampCounts",
    "Wire",
    "caps_for",
    "request",
    "tls_context",
    "wants_tls",
]
