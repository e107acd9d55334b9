"""Errors of every recorded shape become one safe sentence, and a limit where due."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.answer import refusal as complaint
from shared.answer.reply import Throttle

NOW_S = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
MIDNIGHT_S = datetime(2026, 11, 24, tzinfo=UTC).timestamp()

PRIVACY = (
    "No endpoints found matching your data policy (Free model training)."
    " Configure: https://openrouter.ai/settings/privacy"
)
ZOD = '[{"code":"invalid_value","path":["output_modalities"],"message":"Invalid x"}]'


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            {"code": 400, "message": "x/y is not a valid model ID"},
            "x/y is not a valid model ID",
        ),
        ({"message": "User not found.", "code": 401}, "User not found."),
        (
            {"message": PRIVACY, "code": 404, "metadata": {"routing_funnel": []}},
            PRIVACY,
        ),
        ({"message": "Oh", "metadata": None}, "Oh"),
        # The provider's own words win, in each form in which they come.
        (
            {"message": "Provider returned error", "metadata": {"raw": "engine busy"}},
            "engine busy",
        ),
        (
            {
                "message": "Provider returned error",
                "metadata": {"raw": '{"error":{"message":"bad seed","type":"x"}}'},
            },
            "bad seed",
        ),
        (
            {
                "message": "Provider returned error",
                "metadata": {"raw": {"detail": "no"}},
            },
            "no",
        ),
        (
            {"message": "Provider returned error", "metadata": {"raw": '{"a":1}'}},
            "Provider returned error",
        ),
        (
            {"message": "P", "metadata": {"raw": "<html><title>502 Bad</title>"}},
            "an HTML page: 502 Bad",
        ),
        ({"name": "ZodError", "message": ZOD}, "Invalid x"),
        (
            {"error_type": "server", "http_status": 500},
            "an error without a message (server)",
        ),
        ({"message": ["first", "second"]}, "first"),
        ("only words", "only words"),
        (7, "an error without a message (?)"),
    ],
)
def test_the_most_human_text_is_the_sentence(error: object, sentence: str) -> None:
    assert complaint.sentence(error) == sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bad key sk-or-v1-0123456789abcdef!", "bad key *** !"),
        ("got 'Authorization: Bearer abc.def'", "got 'Authorization: *** '"),
        ("sk-or-CANARYcanary", "***"),
        ("hf_abc123def456 and key_limit_exceeded", "*** and key_limit_exceeded"),
        ("of user_2xEXAMPLE.", "of *** ."),
        ("a" * 64, "***"),
        (
            "acme/orca-70b-instruct-20260811:free",
            "acme/orca-70b-instruct-20260811:free",
        ),
        ("one\r\n two\ttabs", "one two tabs"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("left \u202eright", "left \\u202eright"),
        ("a\u2028b", "a b"),
    ],
)
def test_what_is_shown_is_safe(text: str, shown: str) -> None:
    assert complaint.safe(text) == shown


def test_a_sentence_is_cut_at_300_characters() -> None:
    assert complaint.safe("no " * 200) == ("no " * 200)[:299] + "…"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            b"<!DOCTYPE html><html><head>\n<TITLE>a.test | 524: A timeout\n</TITLE>",
            "an HTML page: a.test | 524: A timeout",
        ),
        (b"<html>", "an HTML page"),
        (b"upstream connect error", "not JSON: upstream connect error"),
        (b"\xff\xfe", "not JSON: \ufffd\ufffd"),
        (b" \n", "an empty body"),
    ],
)
def test_a_page_becomes_a_sentence(body: bytes, sentence: str) -> None:
    assert complaint.page(body) == sentence


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title>",
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
    ],
)
def test_a_port_that_is_for_tls_is_said_with_the_scheme_to_write(body: bytes) -> None:
    assert complaint.page(body) == (
        "This port expects TLS and was spoken to in plain HTTP: write https:// in"
        " OPENROUTER_BASE_URL."
    )


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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 502}, 502),
        ({"code": "502"}, 502),
        ({"code": "server_error", "http_status": 500}, 500),
        ({"code": 7}, None),
        ({"code": "²"}, None),
        ({"code": "9" * 10_000}, None),
        ({"code": True}, None),
        ("502", None),
    ],
)
def test_a_code_is_a_status_or_unknown(error: object, code: int | None) -> None:
    assert complaint.code(error) == code


WORDS = st.sampled_from(
    ["error", "message", "metadata", "raw", "headers", "retry_after_seconds", "code"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    max_leaves=12,
)


@given(error=ANY_JSON)
def test_no_error_object_raises(error: object) -> None:
    assert 0 < len(complaint.sentence(error)) <= complaint.MAX_SENTENCE
    complaint.code(error)
    complaint.moderated(error)
    complaint.limit(429, error, {}, NOW_S)
