"""What is asked of a reply, whatever dialect it came in."""

from shared.answer.reply import Reply
from shared.sample import Outcome


def test_too_many_requests_is_throttled_as_a_status_and_inside_a_200() -> None:
    assert Reply(outcome=Outcome.RATE_LIMITED, status=429).throttled
    assert Reply(outcome=Outcome.ERROR_IN_200, status=200, error_code=429).throttled
    assert not Reply(outcome=Outcome.ERROR_IN_200, status=200, error_code=502).throttled
    assert not Reply(outcome=Outcome.UPSTREAM_ERROR, status=503).throttled
