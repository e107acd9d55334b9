"""Errors of every recorded shape become one safe sentence."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.answer import refusal as complaint

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
        " OPENROUTER_BASE_URL, or in the `base_url` of its table."
    )


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
