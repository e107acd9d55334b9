"""What the API does not do, as errors: a problem (RFC 9457), or no answer at all; and
the events of a stream of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from shared.errors import BenchError

_AWAY = (502, 503, 504)


class Refused(BenchError):
    """The API answered with a problem, or not at all."""

    def __init__(self, sentence: str, kind: str = "", status: int = 0) -> None:
        super().__init__(sentence)
        self.kind = kind
        """The last part of the problem's type: `no-such-run`; "" without one."""
        self.status = status
        """Of HTTP; 0 without an answer."""


class Away(Refused):
    """It did not answer, or said that it cannot just now."""


def refusal(answer: httpx.Response) -> Refused:
    """The problem of an answer (RFC 9457), or what there is instead."""
    try:
        body = answer.json()
        return refusal_of(body, answer.status_code)
    except (ValueError, AttributeError, KeyError):
        said = f"The API answered {answer.status_code} {answer.reason_phrase}."
        kind = Away if answer.status_code in _AWAY else Refused
        return kind(said, status=answer.status_code)


def refusal_of(body: dict[str, Any], status: int) -> Refused:
    """The problem that a body is."""
    kind = str(body.get("type", "")).rpartition("/")[2]
    upstream = kind.startswith("upstream-")  # the API is there, whatever its status
    found = Away if status in _AWAY and not upstream else Refused
    return found(str(body.get("detail") or body["title"]), kind, status)


async def _lines_of(answer: httpx.Response) -> AsyncIterator[str]:
    """The lines of an event stream, which `\n` alone ends. httpx ends one at U+2028,
    U+2029 and U+0085, too, and these stand in JSON as they are."""
    rest = b""
    async for piece in answer.aiter_bytes():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").removesuffix("\r")


async def events_of(answer: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """Name and data of each event of a stream, as ours are sent: data of one line."""
    name = ""
    async for line in _lines_of(answer):
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, value
