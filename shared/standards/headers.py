"""Headers that somebody adds to each request: which are not theirs to set."""

import re
from collections.abc import Mapping

from shared.standards.http import TOKEN
from shared.standards.key_forms import SURE

MOST_HEADERS = 32
MOST_BYTES = 1024

_OURS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection"),
        *("accept-encoding", "content-encoding", "expect", "te", "trailer", "upgrade"),
        *("keep-alive", "proxy-connection", "traceparent", "tracestate"),
        *("http-referer", "x-openrouter-title"),
    }
)
_SECRET = re.compile(r"auth|token|secret|passw|cookie|api-?key|credential")
_VALUE = re.compile(r"[\x20-\x7e]*")


def check(headers: Mapping[str, str], stored: str) -> None:
    """Raise ValueError for one that HTTP's framing or the client needs, or that holds a
    secret. stored: the rest of the sentence on secrets, which no value is repeated in.
    """
    if len(headers) > MOST_HEADERS:
        raise ValueError(f"it has {len(headers)} headers and may have {MOST_HEADERS}")
    seen = set[str]()
    for name, value in headers.items():
        lower = name.lower()
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a header name")
        if lower in _OURS:
            raise ValueError(f"{name!r} is set by the client itself; leave it out")
        if _SECRET.search(lower):
            raise ValueError(f"{name!r} looks like a secret, {stored}")
        if SURE.search(value):
            raise ValueError(f"{name!r} holds a key by its looks, {stored}")
        if lower in seen:
            raise ValueError(f"{name!r} is given twice, in other letters")
        if len(value) > MOST_BYTES or not _VALUE.fullmatch(value):
            raise ValueError(
                f"the value of {name!r} must be printable ASCII of at most"
                f" {MOST_BYTES} characters"
            )
        seen.add(lower)
