"""Event streams: the standard's own examples, any cut, and the caps."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.answer.stream.sse import Decoder, Event, StreamError, decode
from shared.wire.limits import Caps

COMMENT = Event("", is_comment=True)


def decoded(*pieces: bytes, caps: Caps | None = None) -> list[Event]:
    decoder = Decoder(caps)
    return [event for piece in pieces for event in decoder.feed(piece)]


def sliced(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        # The examples of the HTML Living Standard, 9.2.6.
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [Event("YHOO\n+2\n10")]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
            b"data:  third event\n\n",
            [
                COMMENT,
                Event("first event", id="1"),
                Event("second event"),
                Event(" third event"),
            ],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [Event(""), Event("\n")]),
        (b"data:test\n\ndata: test\n\n", [Event("test"), Event("test")]),
        # Line ends.
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Event(c) for c in "abc"]),
        (b"data: a\r\n\ndata: b\n\r\n", [Event("a"), Event("b")]),
        (
            b"data: a\xe2\x80\xa8b\x0bc\xc2\x85d\x0c\n\n",
            [Event("a\u2028b\x0bc\x85d\x0c")],
        ),
        (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", [Event("a"), Event("b")]),
        # Fields.
        (b"event: end\ndata: a\n\ndata: b\n\n", [Event("a", "end"), Event("b")]),
        (b"event: end\n\ndata: b\n\n", [Event("b")]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [Event("a", id="7"), Event("b", id="7")]),
        (b"id: 7\0\ndata: a\n\n", [Event("a")]),
        (b"retry: 10\nDATA: x\n data: y\ndata: a\n\n", [Event("a")]),
        (b"data: a\n: in between\ndata: b\n\n", [COMMENT, Event("a\nb")]),
        # The mark at the start, and nowhere else.
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [Event("a")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        # Not UTF-8, NUL.
        (b"data: \xff\0\n\n", [Event("\ufffd\0", is_mended=True)]),
        # What no blank line ends.
        (b"data: a\n\ndata: b\n", [Event("a")]),
        (b"", []),
    ],
)
def test_a_stream_gives_these_events_whole_and_byte_by_byte(
    stream: bytes, events: list[Event]
) -> None:
    assert decoded(stream) == events
    assert decoded(*sliced(stream, 1)) == events


ends = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n"]
words = [b"data", b"event", b"id", b":", b": ", b" ", b"x", b"data: {}\n\n"]
traps = [b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\0", b"\xff"]
parts = st.sampled_from([*ends, *words, *traps])


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.lists(parts, max_size=40).map(b"".join), st.data())
def test_any_cut_of_any_bytes_gives_the_same_events(
    stream: bytes, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    at = [0, *cuts, len(stream)]
    whole, cut = Decoder(), Decoder()
    events = [
        event for start, end in pairwise(at) for event in cut.feed(stream[start:end])
    ]
    assert events == whole.feed(stream)
    assert cut.leftover == whole.leftover


@pytest.mark.parametrize(
    ("stream", "leftover"),
    [
        (b"", False),
        (b"data: [DONE]\n\n", False),
        (b"data: [DONE]\r\n\r\n", False),
        (b": comment\n", False),
        (b"data: a\n\ndata: b", True),
        (b"data: a\n", True),
        (b"data: a\r", True),
        (b"event: x\n", True),
    ],
)
def test_what_was_cut_is_told_as_leftover(stream: bytes, leftover: bool) -> None:
    decoder = Decoder()
    decoder.feed(stream)
    assert decoder.leftover is leftover


def test_an_event_has_the_stamp_of_the_piece_that_completed_it() -> None:
    pieces = [(1.0, b"data: a"), (2.0, b"\n"), (3.0, b"\ndata: b\n\n:"), (4.0, b"\n")]
    assert list(decode(pieces)) == [
        (3.0, Event("a")),
        (3.0, Event("b")),
        (4.0, COMMENT),
    ]


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    ("stream", "caps", "sentence"),
    [
        (b"data: " + b"x" * 100 + b"\n\n", Caps(line_bytes=99), "line .* 99 bytes"),
        (b"x" * 100, Caps(line_bytes=99), "line .* 99 bytes"),
        (b": " + b"x" * 100 + b"\n\n", Caps(line_bytes=99), "line .* 99 bytes"),
        (b"data: xxxx\n" * 10 + b"\n", Caps(event_bytes=99), "event .* 99 bytes"),
        (b"data: " + b"x" * 100 + b"\n\n", Caps(event_bytes=99), "event .* 99 bytes"),
        (b"data: x\n\n" * 10, Caps(events=9), "more than 9 events"),
        (b":\n" * 10, Caps(events=9), "more than 9 events"),
    ],
)
def test_what_passes_a_cap_is_an_error_that_names_it(
    stream: bytes, caps: Caps, sentence: str, size: int
) -> None:
    with pytest.raises(StreamError, match=sentence):
        decoded(*sliced(stream, size), caps=caps)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_what_just_fits_its_cap_is_no_error(size: int) -> None:
    stream = b"data: 0123\n\n" * 5
    caps = Caps(line_bytes=10, event_bytes=10, events=5)
    assert decoded(*sliced(stream, size), caps=caps) == [Event("0123")] * 5


def test_a_long_line_in_single_bytes_costs_no_more_than_its_length() -> None:
    """Joining at every byte would copy 500 GB here, and run into the time limit."""
    decoder = Decoder()
    for _ in range(1_000_000):
        assert decoder.feed(b"x") == []
    assert decoder.leftover
