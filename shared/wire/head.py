"""Heads that leave no question, read without llhttp: most of those of honest servers.

A shortcut of `parse`, which reads any head: where this one answers, llhttp says the
same, and a test holds them against each other. The lines of a server's heads are the
same from answer to answer but for a date and an id, so each is read once and
remembered.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from shared.wire.connection.keep import KEEP_S, keep_s

LONGEST = 4096
"""Bytes; longer heads are for llhttp."""

_STATUS = re.compile(rb"HTTP/1\.1 ([2345][0-9][0-9]) [ -~]*")
_LINE = re.compile(rb"([A-Za-z0-9_-]+): ([!-~](?:[ -~]*[!-~])?)")
_BODILESS = frozenset({204, 205, 304})
_MEANINGFUL = {"connection": b"keep-alive", "transfer-encoding": b"chunked"}
"""Headers that change how an answer is read, and the one value that is plain."""
_NEVER_PLAIN = frozenset({"content-encoding", "proxy-connection", "upgrade"})
_MOST_DIGITS = 18


class Head(NamedTuple):
    """A head after which the connection may be kept."""

    status: int
    headers: dict[str, str]
    """As in `Response`; shared by all answers with this head, so never changed."""
    length: int | None
    """Of the body; None: chunked, or as long as the connection lasts."""
    chunked: bool
    keep_s: float


@lru_cache(maxsize=64)
def plain_head(head: bytes) -> Head | None:
    """What a head says, its blank line included; None: llhttp has to look."""
    if len(head) > LONGEST:
        return None
    first, *lines, last, end = head.split(b"\r\n")
    status = _status(first)
    if status is None or last or end:
        return None
    headers: dict[str, str] = {}
    for line in lines:
        read = _line(line)
        if read is None or read[0] in headers:
            return None
        headers[read[0]] = read[1]
    length, chunked = headers.get("content-length"), "transfer-encoding" in headers
    if length is not None and (chunked or not _is_length(length)):
        return None
    keep = headers.get("keep-alive")
    return Head(
        status,
        headers,
        None if length is None else int(length),
        chunked,
        KEEP_S if keep is None else keep_s(keep.encode("latin-1")),
    )


@lru_cache(maxsize=64)
def _status(line: bytes) -> int | None:
    """The status of an answer that may have a body."""
    found = _STATUS.fullmatch(line)
    status = int(found[1]) if found else None
    return None if status in _BODILESS else status


@lru_cache(maxsize=256)
def _line(line: bytes) -> tuple[str, str] | None:
    """(name in lower case, value) of a plain header; else None."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    name, value = found[1].decode("latin-1").lower(), found[2]
    if name in _NEVER_PLAIN or value.lower() != _MEANINGFUL.get(name, value.lower()):
        return None
    return name, value.decode("latin-1")


def _is_length(digits: str) -> bool:
    return digits.isdigit() and len(digits) <= _MOST_DIGITS
