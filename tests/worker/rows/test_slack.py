"""Which figures of a call a late read may have touched."""

from collections.abc import Sequence

import pytest

from shared.answer.dialects import DIALECTS
from shared.answer.reading import read_exchange
from shared.wire.wire import Exchange
from worker.rows.slack import Slack, slack_of

HEAD = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n"
)
ROLE = b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n'
TOKEN = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
COMMENT = b": PROCESSING\n\n"


def slack(reads: Sequence[bytes], by_loop: Sequence[int] = ()) -> Slack:
    """Of reads at 1 s, 2 s ... with a slack of as many hundredths; the head came at
    0.5 s. by_loop: the seconds of reads that the kernel did not stamp."""
    exchange = Exchange(
        sent_s=0.0,
        reads=[(0.5, HEAD), *((float(n), r) for n, r in enumerate(reads, 1))],
        slacks=[0.0, *(n / 100 for n in range(1, len(reads) + 1))],
        loop_slacks={float(n): n / 100 for n in by_loop},
        ended_s=float(len(reads)),
    )
    dialect = DIALECTS["openai"]
    reply = read_exchange(exchange, dialect, True, 65_536, now_s=0.0)
    return slack_of(exchange, reply, dialect)


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        # each event had its read: every stamp is the kernel's of that event
        ((ROLE, TOKEN, TOKEN, DONE), (None, None, None, None)),
        # the token came last, so the stamp is its own
        ((ROLE + TOKEN, TOKEN, DONE), (None, None, None, None)),
        ((COMMENT + ROLE + TOKEN, TOKEN, DONE), (None, None, None, None)),
        # something came after it, be it the beginning of another event
        ((TOKEN + ROLE, TOKEN, DONE), (0.01, None, None, None)),
        ((ROLE + TOKEN + TOKEN[:9], TOKEN[9:], DONE), (0.01, None, None, None)),
        # the first of two may have come earlier, the second did not
        ((ROLE, TOKEN + TOKEN, TOKEN, DONE), (0.02, 0.02, None, None)),
        ((ROLE, TOKEN, TOKEN + TOKEN, DONE), (None, 0.03, None, None)),
        # the last token may have come earlier, the end did not
        ((ROLE, TOKEN, TOKEN + DONE), (None, None, 0.03, None)),
        ((ROLE, TOKEN, TOKEN + TOKEN + DONE), (None, 0.03, 0.03, None)),
    ],
)
def test_a_read_with_several_events_touches_what_it_dated(
    reads: tuple[bytes, ...], expected: tuple[float | None, ...]
) -> None:
    assert slack(reads)[:4] == expected


@pytest.mark.parametrize(
    ("by_loop", "expected"),
    [
        ((1,), (None, None, None, None)),  # the role is no figure
        ((2,), (0.02, 0.02, None, None)),
        ((3,), (None, 0.03, 0.03, None)),
        ((4,), (None, None, None, 0.04)),
        ((2, 3, 4), (0.02, 0.03, 0.03, 0.04)),
    ],
)
def test_a_stamp_of_the_loop_s_touches_what_it_dated(
    by_loop: tuple[int, ...], expected: tuple[float | None, ...]
) -> None:
    assert slack((ROLE, TOKEN, TOKEN, DONE), by_loop)[:4] == expected


def test_the_slack_of_a_token_is_the_larger_of_two() -> None:
    assert Slack(0.2, 0.1, 0.4, 0.5).token_s == 0.2
    assert Slack(None, 0.1, None, None).token_s == 0.1
    assert Slack(None, None, 0.4, 0.5).token_s is None


@pytest.mark.parametrize(
    ("reads", "by_loop", "doubtful"),
    [
        ((ROLE, TOKEN, TOKEN, TOKEN, DONE), (), 0),
        # 1 s and 0 s: 5 % of their mean are 25 ms, and the slack is 20, then 30
        ((TOKEN, TOKEN + TOKEN, TOKEN, DONE), (), 0),
        ((ROLE, TOKEN, TOKEN + TOKEN, TOKEN, DONE), (), 2),
        # there is no gap before the first token, but two after it that were longer
        ((ROLE, ROLE, 3 * TOKEN, TOKEN, DONE), (), 2),
        # 40 ms, and 5 % of a third of a second are 17 ms
        ((ROLE, TOKEN, TOKEN, 3 * TOKEN, DONE), (), 3),
        # a stamp of the loop's is late itself: of 1 s before it 5 % are 50 ms
        ((ROLE, TOKEN, TOKEN, TOKEN, DONE), (3,), 0),
        ((*[ROLE] * 4, TOKEN, TOKEN, TOKEN, DONE), (6,), 2),
        ((*[ROLE] * 4, TOKEN, TOKEN, TOKEN, DONE), (6, 7), 2),
        ((*[ROLE] * 4, TOKEN, TOKEN, TOKEN, DONE), (7,), 1),
    ],
)
def test_gaps_that_a_late_read_touched_are_counted(
    reads: tuple[bytes, ...], by_loop: tuple[int, ...], doubtful: int
) -> None:
    assert slack(reads, by_loop).doubtful_gaps == doubtful
