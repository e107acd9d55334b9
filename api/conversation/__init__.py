"""One question to a model, for `POST /generate`: no benchmark, no store.

`converse` asks once, `wording` asks in other words where the model refuses the usual
ones, `failures` says what to answer when there is no answer, and `near`
which model may have been meant.

May import: `shared`, `api.errors`, `api.parts`, `api.live`.
"""

from api.conversation.converse import Conversation, Ended
from api.conversation.failures import KINDS, problem
from api.conversation.near import with_near
from api.conversation.wording import ask_in_words, reworded

__all__ = [
    "KINDS",
    "Conversation",
    "Ended",
    "ask_in_words",
    "problem",
    "reworded",
    "with_near",
]
