"""JSON of strangers: mended where nearly right, kept where it breaks off."""

import re
from typing import Any

from pydantic_core import from_json

from shared.upstream.complaint import Json

_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of an emoji, escaped: models that stream UTF-16 cut them in two."""


def parse(data: str) -> Any:
    """The value; raises ValueError. Lone surrogates become U+FFFD."""
    try:
        return from_json(data)
    except ValueError:
        mended = _LONE_SURROGATE.sub(r"\\ufffd", data)
        if mended == data:
            raise
        return from_json(mended)


def parse_document(body: bytes) -> tuple[Json | None, bool]:
    """(the object, whether it is whole); (None, False) for anything else.

    Of an object that breaks off, what came of it counts. Bytes that are not UTF-8
    become U+FFFD, as they do in a stream; see `is_utf8`.
    """
    text = body.decode("utf-8", "replace")
    try:
        document, whole = parse(text), True
    except ValueError as error:
        if "EOF" not in str(error):
            return None, False
        try:
            document = from_json(text, allow_partial="trailing-strings")
        except ValueError:
            return None, False
        whole = False
    return (document, whole) if isinstance(document, dict) else (None, False)


def is_utf8(body: bytes) -> bool:
    """Whether all of it is; JSON of anything else is none (RFC 8259, 8.1)."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def cut(text: str, most_bytes: int) -> str:
    """As much of `text` as fits, in whole characters of UTF-8."""
    if len(text) * 4 <= most_bytes:
        return text
    return text.encode()[:most_bytes].decode("utf-8", "ignore")
