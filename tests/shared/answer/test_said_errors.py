"""What an upstream says of an error or a limit, in one sentence."""

import pytest
from pydantic_core import to_json

from shared.answer.reply import Throttle
from shared.sample import Outcome
from tests.shared.answer.answers import DONE, LOST, NOW_S, chunk, read, sse, text

A = text("a")


def test_of_several_errors_the_first_is_told() -> None:
    later = {"code": 500, "message": "Later"}
    reply = read(sse({"error": LOST}, {"error": later}) + DONE)
    assert reply.error == "Upstream connection lost"


def test_an_error_after_the_head_names_what_the_upstream_said() -> None:
    reply = read(A + sse(chunk({"content": ""}, "error", error=LOST)) + DONE)
    assert reply.error == "Upstream connection lost"
    assert (reply.status, reply.text) == (200, "a")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (
            401,
            to_json({"error": {"message": "User not found.", "code": 401}}),
            "User not found.",
        ),
        (422, to_json({"detail": [{"msg": "field required"}]}), "field required"),
        (400, to_json({"object": "error", "message": "bad model"}), "bad model"),
        (404, to_json({"title": "Not Found"}), "Not Found"),
        (
            524,
            b"<html><title>a.test | 524</title></html>",
            "an HTML page: a.test | 524",
        ),
        (503, b"no healthy upstream", "not JSON: no healthy upstream"),
        (500, b"", "Status 500, and nothing that explains it."),
        (500, b"{}", "an error without a message (?)"),
        (400, sse({"error": {"message": "as an event"}}), "as an event"),
        (307, b"<html>", "Status 307: redirects are not followed. Check the base URL."),
        (200, b"<html><title>Login</title>", "The answer is an HTML page: Login."),
        (200, b"plain words", "The answer is not a JSON object."),
    ],
)
def test_a_failure_has_one_sentence(status: int, body: bytes, sentence: str) -> None:
    assert read(body, status=status).error == sentence


def test_no_key_and_no_user_gets_into_the_sentence() -> None:
    message = "Rejected Authorization: Bearer sk-or-v1-CANARY0123 of user_2xEXAMPLE"
    body = to_json({"error": {"message": message}, "user_id": "user_2xEXAMPLE"})
    for status in (200, 401, 500):
        error = read(body, status=status).error or ""
        assert error.startswith("Rejected Authorization: ***")
        assert "CANARY" not in error
        assert "EXAMPLE" not in error


def test_a_limit_is_read_from_headers_and_body() -> None:
    metadata = {"limit_source": "openrouter_free_tier_per_minute"}
    error = {"code": 429, "message": "Rate limit exceeded", "metadata": metadata}
    reset = f"X-RateLimit-Reset: {int(NOW_S * 1000) + 9000}"
    reply = read(to_json({"error": error}), status=429, headers=[reset])
    assert reply.limit == Throttle(
        account=True,
        source="openrouter_free_tier_per_minute",
        opens_at=NOW_S + 9,
        free=True,
    )


def test_a_429_inside_a_200_has_its_limit_too() -> None:
    busy = {
        "code": 429,
        "message": "Worker limit",
        "metadata": {"retry_after_seconds": 3},
    }
    reply = read(sse(chunk(choices=[], error=busy)))
    assert reply.outcome is Outcome.ERROR_IN_200
    assert reply.limit == Throttle(account=False, source=None, opens_at=NOW_S + 3)


def test_in_flight_402_is_no_credit_with_an_account_limit() -> None:
    error = {"metadata": {"reason": "in_flight_budget_exhausted"}}
    reply = read(to_json({"error": error}), status=402, headers=["Retry-After: 5"])
    assert reply.outcome is Outcome.NO_CREDIT
    assert reply.limit == Throttle(account=True, source=None, opens_at=NOW_S + 5)
