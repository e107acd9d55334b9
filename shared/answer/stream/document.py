"""An answer that is one JSON document, or should be."""

from shared.answer import refusal as complaint
from shared.answer.stream.heard import Heard
from shared.answer.stream.lenient import is_utf8, parse_document
from shared.answer.stream.stream import NOT_UTF8


def read_document(
    body: bytes, heard: Heard, *, status: int | None, broken: bool
) -> bool:
    """Take a body that is no stream; returns whether it came to its end.

    body: without what keeps a connection alive before it.
    broken: the connection was, so that a body without sense is a part of one.
    """
    if body in (b"", b":"):
        return False
    failed = status is not None and status >= 400
    document, whole = parse_document(body)
    if document is None:
        if failed:
            heard.problem = complaint.page(body)
        elif not broken:
            # What it is instead may be an answer, which stays out of errors.
            is_html = body.startswith(b"<")
            found = complaint.page(body) if is_html else "not a JSON object"
            heard.garbage = f"The answer is {found}."
        return False
    if whole and not failed and not is_utf8(body):
        heard.garbage = NOT_UTF8
    chunk = heard.take(document)
    heard.say(chunk.text, chunk.reasoning)
    if failed or complaint.error_of(document, alone=True):
        heard.complain(document)
    return whole
