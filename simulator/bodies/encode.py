"""JSON and events as bytes: numbers with all their digits, one event a `data:` line."""

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

DONE = b"data: [DONE]\n\n"
COMMENT = b": OPENROUTER PROCESSING\n\n"
PADDING = b"\n" + b" " * 9 + b"\n"
"""The blanks with which a slow reply that is not streamed begins, again and again."""


class Scientific(Decimal):
    """A price that goes out as `1.4e-05` rather than `0.000014`."""


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON in which each Decimal is a number with all its digits.

    >>> encode({"cost": Decimal("0.00001400"), "none": Decimal(0)})
    b'{"cost":0.000014,"none":0}'
    >>> encode(Scientific("0.000014"))
    b'1.4e-05'
    """
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), default=_marked_number
    )
    text = text.replace('"\ue000', "").replace('\ue000"', "")
    return text.encode(errors="replace")  # half a surrogate pair can be echoed


def _marked_number(value: object) -> str:
    # json has no way to print a number of one's own: it goes as a string between two
    # private characters, and its quotes are taken off afterwards.
    match value:
        case Scientific():
            return f"\ue000{float(value)!r}\ue000"
        case Decimal():
            return f"\ue000{value.normalize():f}\ue000"
    raise TypeError(f"{type(value).__name__} is not JSON")


def event(value: Any) -> bytes:
    """One server-sent event; lines end with LF alone."""
    return b"data: " + encode(value) + b"\n\n"


@lru_cache(maxsize=8_192)
def quoted(text: str) -> bytes:
    """`text` as a JSON string."""
    return encode(text)
