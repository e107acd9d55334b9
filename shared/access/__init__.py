"""Who may do what: tokens, their scopes, and who asks.

`token` is a token's record and its text, `caller` is whoever a request comes from,
`closed` the mark that a server has tokens. Pure, but for that mark.

May import: the machinery and `settings`.
"""

from shared.access.caller import ANYBODY, Caller
from shared.access.closed import MARK, is_closed, mark_closed
from shared.access.token import (
    SCOPES,
    Scope,
    Token,
    mint,
    parted,
    shown_once,
)

__all__ = [
    "ANYBODY",
    "MARK",
    "SCOPES",
    "Caller",
    "Scope",
    "Token",
    "is_closed",
    "mark_closed",
    "mint",
    "parted",
    "shown_once",
]
