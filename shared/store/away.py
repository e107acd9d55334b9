"""Log lines while the store is away: each once a minute, rather than at every try."""

import logging
import re

from shared.clock import monotonic_s
from shared.store.client import REFUSED

log = logging.getLogger("store")

_AGAIN_S = 60.0
_said_s: dict[str, float] = {}

_IN_PIPELINE = re.compile(
    r"Command # \d+ \((\w+).*\) of pipeline caused error: (.*)", re.S
)


def say(error: Exception, what: str = "the store does not answer") -> None:
    """Log `what` and the error, unless the same was logged within the last minute.

    error: one of `client.AWAY`. A refused login is an error that names its remedy: it
    does not pass by itself.
    """
    refused = isinstance(error, REFUSED)
    if refused:
        what = "the store refuses us; correct the login in REDIS_URL or its rights"
    sentence = f"{what}: {_words(error)}"
    now_s = monotonic_s()
    if now_s - _said_s.get(sentence, -_AGAIN_S) >= _AGAIN_S:
        for old in [s for s, at_s in _said_s.items() if now_s - at_s >= _AGAIN_S]:
            del _said_s[old]
        _said_s[sentence] = now_s
        log.log(logging.ERROR if refused else logging.WARNING, "%s", sentence)


def _words(error: Exception) -> str:
    """What the error says; of a pipeline's without the command's arguments, which are
    others each time, and may be a stranger's text."""
    match = _IN_PIPELINE.fullmatch(str(error))
    return f"{match[1]}: {match[2]}" if match else str(error) or type(error).__name__
