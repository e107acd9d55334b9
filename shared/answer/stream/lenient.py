"""JSON as upstreams send it: mended where nearly right, kept where it breaks off."""

import json
import re
from typing import Any

from pydantic_core import from_json

from shared.answer.refusal import Json

_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of an emoji, escaped: models that stream UTF-16 cut them in two."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH = ("\ud800", "\udbff")


def parse(data: str) -> Any:
    """The value; raises ValueError. Lone surrogates stay as they are: see `Halves`."""
    try:
        return from_json(data)
    except ValueError:
        mended = _mended(data)
        if mended == data:
            raise
    value = from_json(mended)  # so it is JSON, and not too deep for the other parser
    try:
        return json.loads(data)
    except ValueError:
        return value


class Halves:
    """Joins characters of which two deltas have one half each.

    Of a half that has no other half becomes U+FFFD.
    """

    __slots__ = ("waits",)

    def __init__(self) -> None:
        self.waits = ""
        """A first half, whose second has not come yet."""

    def join(self, text: str) -> str:
        """The whole characters of `text`; a first half at its end waits for the next
        text."""
        if not self.waits and not _SURROGATE.search(text):
            return text
        text, self.waits = self.waits + text, ""
        if _HIGH[0] <= text[-1:] <= _HIGH[1]:
            text, self.waits = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flush(self) -> str:
        """What stands for a half whose other half did not come."""
        waited, self.waits = self.waits, ""
        return "\ufffd" if waited else ""


def parse_document(body: bytes) -> tuple[Json | None, bool]:
    """(the object, whether it is whole); (None, False) for anything else.

    Of an object that breaks off, what came of it counts. Bytes that are not UTF-8
    become U+FFFD, as they do in a stream; see `is_utf8`. An error may stand in a list.
    """
    text = body.decode("utf-8", "replace")
    try:
        document, whole = parse(text), True
    except ValueError as error:
        if "EOF" not in str(error):
            return None, False
        try:
            document = from_json(_mended(text), allow_partial="trailing-strings")
        except ValueError:
            return None, False
        whole = False
    document = unlisted(document)
    return (document, whole) if isinstance(document, dict) else (None, False)


def unlisted(value: Any) -> Any:
    """The object in a list, where it is an error; else `value` itself."""
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, dict) and first.get("error") else value


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


def _mended(data: str) -> str:
    """Lone surrogates become U+FFFD."""
    return _LONE_SURROGATE.sub(r"\\ufffd", data)
