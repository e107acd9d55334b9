"""A refusal that is a limit says whose it is and when it opens."""

from datetime import UTC, datetime

import pytest

from shared.answer import refusal as complaint
from shared.answer.reply import Throttle

NOW_S = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
MIDNIGHT_S = datetime(2026, 11, 24, tzinfo=UTC).timestamp()


def daily(message: str, **metadata: object) -> dict:
    return {"message": message, "code": 429, "metadata": metadata}


FREE_DAILY = "openrouter_free_tier_daily"


@pytest.mark.parametrize(
    ("status", "error", "headers", "limit"),
    [
        # The daily cap opens at its reset, epoch milliseconds, 08:00 + 16 h.
        (
            429,
            daily(
                "Rate limit exceeded: free-models-per-day. Add 10 credits",
                limit_source=FREE_DAILY,
                headers={"X-RateLimit-Reset": str(int(MIDNIGHT_S * 1000))},
            ),
            {},
            (True, FREE_DAILY, MIDNIGHT_S, True),
        ),
        (
            429,
            daily("Rate limit exceeded: free-models-per-day-high-balance. "),
            {},
            (True, None, MIDNIGHT_S, True),
        ),
        (
            429,
            daily("x", limit_source=FREE_DAILY),
            {},
            (True, FREE_DAILY, MIDNIGHT_S, True),
        ),
        (
            429,
            daily(
                "free-models-per-min. ", limit_source="openrouter_free_tier_per_minute"
            ),
            {"x-ratelimit-reset": str(int(NOW_S * 1000) + 30_500)},
            (True, "openrouter_free_tier_per_minute", NOW_S + 30.5, True),
        ),
        (
            429,
            daily("Rate limit exceeded: free-models-per-min. "),
            {},
            (True, None, None, True),
        ),
        (
            429,
            daily(
                "could not verify available credits",
                limit_source="openrouter_admission_control",
                headers={"Retry-After": "10"},
            ),
            {},
            (True, "openrouter_admission_control", NOW_S + 10),
        ),
        # A provider that is busy is no limit of ours.
        (
            429,
            daily(
                "Provider returned error",
                limit_source="upstream_provider_shared_pool",
                retry_after_seconds=1,
                headers={"Retry-After": "2"},
            ),
            {},
            (False, "upstream_provider_shared_pool", NOW_S + 2),
        ),
        (429, daily("Rate limit exceeded"), {}, (False, None, None)),
        (429, None, {"retry-after": "7"}, (False, None, NOW_S + 7)),
        (
            503,
            {"message": "overloaded"},
            {"retry-after": "1.5"},
            (False, None, NOW_S + 1.5),
        ),
        # 402: in flight it opens again, otherwise it is final.
        (
            402,
            {
                "metadata": {
                    "reason": "in_flight_budget_exhausted",
                    "limit_source": "openrouter_in_flight_budget",
                }
            },
            {"retry-after": "120"},
            (True, "openrouter_in_flight_budget", NOW_S + 120),
        ),
        (
            402,
            {
                "metadata": {
                    "reason": "weight_exceeds_budget",
                    "limit_source": "openrouter_in_flight_budget",
                }
            },
            {"retry-after": "120"},
            None,
        ),
        (402, {"metadata": {"limit_source": "openrouter_credits"}}, {}, None),
        (403, {"metadata": {"limit_source": "openrouter_key_limit"}}, {}, None),
        (200, {"message": "free-models-per-day"}, {"retry-after": "1"}, None),
        (None, None, {}, None),
    ],
)
def test_limits_say_whose_they_are_and_when_they_open(
    status: int | None,
    error: object,
    headers: dict[str, str],
    limit: tuple[bool, str | None, float | None, bool] | None,
) -> None:
    """limit: (the account's own, source, opens at, of free calls alone)"""
    expected = limit and Throttle(*limit)
    assert complaint.limit(status, error, headers, NOW_S) == expected


@pytest.mark.parametrize(
    ("retry_after", "opens_at"),
    [
        ("0", NOW_S),
        ("30", NOW_S + 30),
        ("Mon, 23 Nov 2026 08:01:00 GMT", NOW_S + 60),
        ("Mon, 23 Nov 2026 10:01:00 +0200", NOW_S + 60),
        ("Mon, 23 Nov 2026 07:59:00 GMT", None),
        ("1e9", NOW_S + 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOW_S + 86_400),
        ("-1", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_junk_is_ignored(
    retry_after: str, opens_at: float | None
) -> None:
    limit = complaint.limit(429, None, {"retry-after": retry_after}, NOW_S)
    assert limit is not None
    assert limit.opens_at == opens_at


def test_a_reset_in_the_past_leaves_the_daily_cap_to_midnight() -> None:
    past = {"x-ratelimit-reset": str(int(NOW_S * 1000) - 1)}
    limit = complaint.limit(429, daily("free-models-per-day"), past, NOW_S)
    assert limit is not None
    assert limit.opens_at == MIDNIGHT_S
