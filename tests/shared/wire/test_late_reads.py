"""Which reads bring several events, counted the same however their lines end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.wire import Exchange

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
PARTS = (b"a", b"bc", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b"\xff")


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(b"".join),
        max_size=6,
    )
)
def test_a_read_is_late_where_it_ends_more_than_one_event(bodies: list[bytes]) -> None:
    reads = [(0.5, HEAD), *((float(n), body) for n, body in enumerate(bodies, 1))]
    one = Exchange(sent_s=0.0, reads=reads, slacks=[0.25] * len(reads), ended_s=9.0)
    late, before = set(), b""
    for n, body in enumerate(bodies, 1):
        ends = (before[-1:] + body).count(b"\n\n")
        ends += (before[-3:] + body).count(b"\r\n\r\n")
        if ends > 1:
            late.add(float(n))
        before = body
    assert set(one.late_reads()) == late
