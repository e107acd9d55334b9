"""When an upstream will take more, by each form of hint that is in use."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.answer.hints import LONGEST_WAIT_S, opens_at

NOW_S = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
AHEAD_S = 3600.0


@pytest.mark.parametrize(
    ("reset", "wait_s"),
    [
        ("30", 30),  # a duration, seconds
        (30, 30),
        ("0.25", 0.25),
        (str(int(NOW_S) + 30), 30),  # a moment: seconds, milliseconds and finer
        (str(int(NOW_S + 30) * 1000), 30),
        (str(int(NOW_S + 30) * 1_000_000), 30),
        (str(int(NOW_S + 30) * 1_000_000_000), 30),
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("250ms", 0.25),
        ("1d", 86_400),
        ("2026-11-23T08:00:30Z", 30),
        ("2026-11-23T10:00:30.5+02:00", 30.5),
        ("2026-11-23 08:00:30", 30),
        ("Mon, 23 Nov 2026 08:00:30 GMT", 30),
        # Nothing to wait for is no hint: who goes by it asks at once, and for ever.
        *(("0", None), ("0s", None), ("0ms", None), (0, None)),
        (str(int(NOW_S)), None),
        (str(int(NOW_S - 1) * 1000), None),
        ("2026-11-23T08:00:00Z", None),
        # What nobody can mean opens in a day: 55 years, 1e300 s, the year 9999.
        ("999999999", LONGEST_WAIT_S),
        (str(int(NOW_S) * 2), LONGEST_WAIT_S),
        ("9999-12-31T23:59:59Z", LONGEST_WAIT_S),
        ("99999999h", LONGEST_WAIT_S),
        ("1e300", None),  # by its size a moment, counted in some unit, long past
        *((junk, None) for junk in ("", "soon", "-1", "nan", "inf", "6m0", "m", "1 s")),
        *((junk, None) for junk in (None, True, [], {}, "9" * 400, "1s" * 99)),
    ],
)
@pytest.mark.parametrize("name", ["x-ratelimit-reset", "ratelimit-reset"])
def test_a_reset_is_understood_by_its_size_and_form(
    name: str, reset: object, wait_s: float | None
) -> None:
    found = opens_at({}, {name: reset}, NOW_S)  # type: ignore[dict-item]
    copied = opens_at({"headers": {name.upper(): reset}}, {}, NOW_S)
    expected = None if wait_s is None else pytest.approx(NOW_S + wait_s, abs=1e-3)
    assert (found, copied) == (expected, expected)


@given(value=st.floats() | st.integers(0) | st.text(max_size=20))
def test_no_hint_is_in_the_past_or_further_than_a_day(value: object) -> None:
    for name in ("x-ratelimit-reset", "retry-after", "retry-after-ms"):
        found = opens_at({}, {name: str(value)}, NOW_S)
        assert found is None or NOW_S <= found <= NOW_S + LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "1500.5", "retry-after": "2"}, 1.5005),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2),
        ({"retry-after-ms": "-1", "retry-after": "2"}, 2),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": str(int(NOW_S) + 20)}, 20),  # a moment, and none for 56 years
        ({"retry-after": "2026-11-23T08:00:20Z"}, 20),
        ({"retry-after": "0"}, 0),
    ],
)
def test_the_finer_of_two_hints_to_retry_is_followed(
    headers: dict[str, str], wait_s: float
) -> None:
    assert opens_at({}, headers, NOW_S) == pytest.approx(NOW_S + wait_s)
    assert opens_at({"headers": headers}, {}, NOW_S) == pytest.approx(NOW_S + wait_s)


@pytest.mark.parametrize(
    ("left", "wait_s"), [("0", 360), ("1", None), ("", None), (None, None)]
)
def test_a_reset_of_one_kind_counts_where_none_of_it_remain(
    left: str | None, wait_s: float | None
) -> None:
    headers = {"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "9h"}
    if left is not None:
        headers["x-ratelimit-remaining-tokens"] = left
    expected = None if wait_s is None else NOW_S + wait_s
    assert opens_at({}, headers, NOW_S) == expected


@pytest.mark.parametrize(
    ("reset", "wait_s"),
    [
        (str(int(NOW_S - AHEAD_S) + 30), 30),  # moments are of its clock
        ("2026-11-23T07:00:30Z", 30),
        ("30", 30),  # durations are of no clock
        ("30s", 30),
    ],
)
def test_a_moment_is_taken_by_the_clock_of_who_names_it(
    reset: str, wait_s: float
) -> None:
    date = "Mon, 23 Nov 2026 07:00:00 GMT"
    headers = {"date": date, "x-ratelimit-reset": reset}
    assert opens_at({}, headers, NOW_S) == pytest.approx(NOW_S + wait_s)
