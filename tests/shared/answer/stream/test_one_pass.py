"""Events of the pattern are read in one pass, and never otherwise than one by one.

The last byte of a read in a read of its own, with the same stamp, changes nothing that
an answer says, and leaves no read to the shortcut.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.answer import Reply, StreamReader
from shared.answer.dialects import DIALECTS
from shared.answer.stream.template import Hole
from tests.shared.answer.answers import NOW_S, cut, exchange

HALF = to_json({"choices": [{"delta": {"content": "X"}}]}).replace(b'"X"', rb'"\ud83d"')


def event(text: str, key: str = "content", model: str = "m") -> bytes:
    delta = {"role": "assistant", key: text}
    said = {"id": "gen-1", "model": model, "choices": [{"index": 0, "delta": delta}]}
    return b"data: " + to_json(said) + b"\n\n"


TEXTS = ("a", " b", "", "Ли", "\ufffd", "\U0001f600", "\n", '"', "\\", "\u2028", "\x85")
ODD = (
    *(b": PING\n\n", b"\n", b"data: [DONE]\n\n", b"data: {\n\n", b"id: 3\n\n"),
    *(b"event: message\n", b"data: \xff\n\n", b"data: " + HALF + b"\n\n", b"\r"),
    event("a").replace(b"\n\n", b"\r\n\r\n"),
    event("a").replace(b'a"', b'\xff"'),
    *(event("a").replace(b'"a"', b'"a\nb"'), event("a").replace(b"data: ", b"data:")),
    *(event("a", model="n"), event("b", "reasoning"), b"{}\n\n", b"\xef\xbb\xbf"),
)
plain = st.sampled_from(TEXTS).map(event)
thought = st.sampled_from(TEXTS).map(lambda text: event(text, "reasoning"))
piece = st.lists(plain | plain | plain | thought | st.sampled_from(ODD), max_size=8)


def read(pieces: list[bytes]) -> tuple[Reply, list[str]]:
    one = exchange(pieces)
    reader = StreamReader(DIALECTS["openai"], 65_536)
    told: list[str] = []
    response = one.response()
    for stamp_s, each in response.pieces:
        told += reader.feed(stamp_s, each)
    return reader.end(one, response, now_s=NOW_S), told


def read_slowly(pieces: list[bytes]) -> tuple[Reply, list[str]]:
    one = exchange(pieces)
    reader = StreamReader(DIALECTS["openai"], 65_536)
    told: list[str] = []
    response = one.response()
    for stamp_s, each in response.pieces:
        told += reader.feed(stamp_s, each[:-1]) + reader.feed(stamp_s, each[-1:])
    return reader.end(one, response, now_s=NOW_S), told


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.lists(piece, max_size=8))
def test_reads_of_whole_events_say_the_same(pieces: list[list[bytes]]) -> None:
    reads = [b"".join(each) for each in pieces if each]
    assert read(reads) == read_slowly(reads)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(piece, st.lists(st.integers(0, 2000), max_size=6))
def test_any_cut_says_the_same(events: list[bytes], places: list[int]) -> None:
    reads = cut(b"".join(events), places)
    assert read(reads) == read_slowly(reads)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=12), st.integers(0, 150))
def test_any_bytes_in_an_event_say_the_same(odd: bytes, at: int) -> None:
    one = event("word")
    reads = [event("Hm"), event("a") + one[:at] + odd + one[at:] + event("b")]
    assert read(reads) == read_slowly(reads)


def test_whole_events_of_the_pattern_take_the_shortcut() -> None:
    hole = Hole()
    data = event("Lis")[6:-2].decode()
    hole.learn(data, "Lis", is_reasoning=False)
    assert hole.texts(event("bon") + event("") + event("Да")) == ["bon", "", "Да"]
    assert hole.texts(event("a")[:-1]) is None
    assert hole.texts(b": PING\n\n" + event("a")) is None
    assert hole.texts(event('say "a"')) is None
    assert hole.texts(event("a").replace(b'"a"', b'"a\nb"')) is None
    assert Hole().texts(b"") is None


def test_half_a_character_waits_for_the_event_behind_it() -> None:
    reads = [event("a"), b"data: " + HALF + b"\n\n", event("b")]
    reply, told = read(reads)
    assert reply.text == "a\ufffdb"
    assert told == ["a", "\ufffdb"]


def test_an_honest_replacement_character_is_no_broken_byte() -> None:
    """In the read of an event that is broken, behind [DONE]: it was never looked at."""
    broken = event("a").replace(b'a"}', b'\xff"}')
    reply, _ = read([event("\ufffd") + b"data: [DONE]\n\n" + broken])
    assert (reply.text, reply.error) == ("\ufffd", None)
    assert read([event("\ufffd") + broken])[0].error is not None
