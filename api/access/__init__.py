"""Who may ask what: the first thing that is looked at of a request.

    guard ──> hosts ──> credentials ──> api.tokens ──> shared.access

`guard` is the middleware, and `rules` the table of routes and scopes that each matched
route is held to. Nothing of it is decided by a request's URL as a whole, which the Host
header is a part of.

May import: `shared`, `api.errors`, `api.tokens`.
"""

from api.access.guard import Guard
from api.access.rules import RULES, allowed, caller_of

__all__ = ["RULES", "Guard", "allowed", "caller_of"]
