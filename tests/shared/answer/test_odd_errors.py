"""Errors of forms that nobody agreed on."""

import pytest
from pydantic_core import to_json

from shared.answer.reply import Throttle
from shared.sample import Outcome
from tests.shared.answer.answers import DONE, NOW_S, STOP, USAGE, chunk, read, sse, text
from tests.shared.answer.odd_forms import FLAT, THREE, event


@pytest.mark.parametrize(("said", "sentence", "code"), FLAT)
def test_an_error_object_without_error_is_an_error(
    said: object, sentence: str, code: int | None
) -> None:
    after = read([THREE, event(said), DONE])
    alone = read([event(said), DONE])
    whole = read(to_json(said), streamed=False)
    asked_to_stream = read(to_json(said))
    for reply in (after, alone, whole, asked_to_stream):
        assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, sentence)
        assert (reply.error_code, reply.throttled) == (code, code == 429)
    assert (after.text, after.token_events_s) == ("abc", (1.0, 1.0, 1.0))
    assert (alone.text, whole.text, asked_to_stream.notes) == ("", "", None)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"message": "Overloaded"}, "Overloaded"),
        ({"type": "server", "code": 1}, "an error without a message (server)"),
        ({"error": {"message": "Overloaded"}}, "Overloaded"),
        (b"Overloaded", "Overloaded"),
        ("Overloaded", "Overloaded"),
        (chunk({"content": ""}, error={"message": "Overloaded"}), "Overloaded"),
    ],
)
def test_an_event_that_is_named_error_is_one_whatever_it_holds(
    data: object, sentence: str
) -> None:
    for reply in (
        read([THREE, event(data, "error"), DONE]),
        read([THREE, event(data, "error")]),
    ):
        assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, sentence)
        assert (reply.text, len(reply.token_events_s)) == ("abc", 3)
    assert read(event(data, "error")).outcome is Outcome.ERROR_IN_200


def test_a_message_alone_is_the_whole_answer_only_where_nothing_else_is_said() -> None:
    said = {"message": "Try again later"}
    reply = read(to_json(said), streamed=False)
    assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, "Try again later")
    reply = read(event(said | {"status": "queued"}) + text("a") + STOP + DONE)
    assert (reply.outcome, reply.text) == (Outcome.OK, "a")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"usage": USAGE},
        {"choices": [], "usage": USAGE},
        {"id": "gen-1", "object": "chat.completion.chunk", "model": "m"},
        {"code": 0, "message": "success"},
        {"code": 200, "msg": "OK", "data": {}},
        {"code": "Success", "message": "fine"},
        {"code": None, "error": None, "message": None},
        {"success": True, "errors": [], "detail": ""},
        {"status": "processing", "message": "warming up"},
        {"object": "status", "code": 102, "message": "queued"},
        chunk({"content": ""}, code=429, message="of the choice's own business"),
    ],
)
def test_an_event_that_only_looks_like_an_error_is_none(said: dict) -> None:
    reply = read(sse(said) + text("a") + STOP + DONE)
    assert (reply.outcome, reply.error_code) == (Outcome.OK, None)


def test_an_error_in_a_list_explains_a_status_and_names_its_limit() -> None:
    body = to_json([{"error": {"code": 429, "message": "Quota", "metadata": {}}}])
    reply = read(body, status=429, headers=["Retry-After: 3"])
    assert (reply.outcome, reply.error) == (Outcome.RATE_LIMITED, "Quota")
    assert (reply.throttled, reply.limit) == (True, Throttle(False, None, NOW_S + 3))


def test_a_429_inside_a_200_is_throttled_and_other_errors_are_not() -> None:
    busy = {"code": 429, "message": "Busy", "metadata": {"retry_after_seconds": 3}}
    for body in (sse({"error": busy}), text("a") + event(busy)):
        reply = read(body)
        assert (reply.outcome, reply.throttled) == (Outcome.ERROR_IN_200, True)
        assert reply.limit == Throttle(False, None, NOW_S + 3)
    assert not read(sse({"error": {"code": 502, "message": "x"}})).throttled
    assert not read(text("a") + STOP + DONE).throttled
    assert read(b"", status=429).throttled
    assert not read(b"", status=503).throttled
