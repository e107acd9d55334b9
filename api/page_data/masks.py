"""What failures have in common: their message without ids and numbers. Pure."""

import re

MOST_GROUPS = 50
OTHER = "other"
_CHARACTERS = 200

_ID = re.compile(
    r"\b(?=[\w-]*\d)(?:[A-Za-z]+[-_])?[0-9A-Za-z_]{2,}(?:-[0-9A-Za-z_]+)*\b|\d+"
)
"""A word with a digit in it, or a number alone."""
_STATUS = re.compile(r"[1-5]\d\d: ")


def masked(message: str) -> str:
    """The message with # for each id and number, so that one fault is one group.

    An HTTP status at its beginning stays: it is neither.

    >>> masked("429: limit of 20 a minute, request req-7f3a91 at 0.35 s")
    '429: limit of # a minute, request # at # s'
    """
    status = _STATUS.match(message)
    begin = status[0] if status else ""
    rest = re.sub(r"#(?:\.#)+", "#", _ID.sub("#", message[len(begin) :]))
    return (begin + rest)[:_CHARACTERS]
