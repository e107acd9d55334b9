"""Faults in the shape of a body: another wrapping, or nothing that can be read.

Each takes a script, the answer it was made of and the fault's arguments, and returns
another script with the outcome that a client must find.
"""

import gzip as gz
from dataclasses import replace
from functools import cache

from simulator import bodies
from simulator.faults.cuts import as_good, before_finish, instead
from simulator.faults.fault import Fault, Params
from simulator.reply import PAGE_HEADERS, Answer, Script, completion_of


def nested(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.encode({"provider": completion_of(answer)})
    return as_good(script, answer, body)


def choices_null(script: Script, answer: Answer, params: Params) -> Script:
    unbilled = replace(answer, cost="missing")
    body = completion_of(unbilled) | {"choices": None}
    return instead(script, bodies.encode(body), "empty")


def whitespace(script: Script, answer: Answer, params: Params) -> Script:
    return instead(script, bodies.PADDING * 5, "truncated")


def comments_in_json(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.COMMENT * 2 + bodies.encode(completion_of(answer))
    return as_good(script, answer, body)


def html_200(script: Script, answer: Answer, params: Params) -> Script:
    page = bodies.edge_page(200, "Just a moment...")
    return instead(script, page, "protocol_error", headers=PAGE_HEADERS)


@cache
def _zipped_blanks(mib: int) -> bytes:
    return gz.compress(b" " * (mib << 20), mtime=0)


def gzip(script: Script, answer: Answer, params: Params) -> Script:
    """A bomb: blanks by the MiB in a body a thousandth of the size."""
    body = _zipped_blanks(int(params.get("mib", "1")))
    headers = dict(script.headers) | {"content-encoding": "gzip"}
    return instead(script, body, "protocol_error", headers=headers)


def bad_json(script: Script, answer: Answer, params: Params) -> Script:
    body = b'data: {"id":"gen-1","choices":[{"delta":\n\n'
    return before_finish(script, answer, body, "protocol_error")


def bad_utf8(script: Script, answer: Answer, params: Params) -> Script:
    body = b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'
    return before_finish(script, answer, body, "protocol_error")


def huge_line(script: Script, answer: Answer, params: Params) -> Script:
    body = b"data: " + b"x" * (int(params.get("mib", "2")) << 20) + b"\n\n"
    return before_finish(script, answer, body, "protocol_error")


def data_then_json(script: Script, answer: Answer, params: Params) -> Script:
    """JSON on a line of its own, below an empty `data:`."""
    body = b'data:\n {"choices":[{"delta":{"content":"lost"}}]}\n\n'
    return before_finish(script, answer, body, "protocol_error")


def not_streamed(script: Script, answer: Answer, params: Params) -> Script:
    """A whole answer, whatever was asked."""
    return as_good(script, answer, bodies.encode(completion_of(answer)))


SHAPES: dict[str, Fault] = {
    "nested-in-provider": Fault(
        "The whole completion stands under `provider`.", cut=nested
    ),
    "choices-null": Fault("`choices` is null, without an error.", cut=choices_null),
    "whitespace": Fault("Nothing but blanks.", cut=whitespace),
    "html-200": Fault("A page of HTML under status 200.", cut=html_200),
    "comments-in-json": Fault(
        "Stream comments before the JSON of the reply.", cut=comments_in_json
    ),
    "gzip": Fault(
        "A compressed body that nobody asked for: `mib` of blanks when inflated.",
        cut=gzip,
    ),
    "bad-json": Fault("An event whose JSON stops short.", cut=bad_json),
    "bad-utf8": Fault("An event that is not UTF-8.", cut=bad_utf8),
    "huge-line": Fault("An event of `mib` in one line.", cut=huge_line),
    "data-then-json": Fault(
        "JSON on a line of its own, below an empty `data:`.", cut=data_then_json
    ),
    "not-streamed": Fault("A whole answer, whatever was asked.", cut=not_streamed),
}
