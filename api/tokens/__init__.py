"""What this process knows of tokens: those of the store, to whom runs belong, and what
is signed for browsers.

May import: `shared`.
"""

from api.tokens.known import LOOK_S, KnownTokens
from api.tokens.owners import Owners

__all__ = ["LOOK_S", "KnownTokens", "Owners"]
