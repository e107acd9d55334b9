"""After how long, and at what size, a call is ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a call ends as a failure of its own kind."""

    connect_s: float = 10.0
    """Name, TCP, proxy and TLS together."""
    first_token_s: float = 120.0
    """From the sending to the first token; comments and padding are none."""
    idle_s: float = 60.0
    """Without a byte, once the first byte has come."""
    total_s: float = 600.0
    """From the sending to the end, whatever arrives meanwhile."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Sizes that no honest answer reaches; past them the connection is closed."""

    head_bytes: int = 64 * 1024
    """Status line and headers, with any interim (1xx) heads before them."""
    line_bytes: int = 1024 * 1024
    """One line of an event stream."""
    event_bytes: int = 4 * 1024 * 1024
    """One event of an event stream, all its lines."""
    body_bytes: int = 64 * 1024 * 1024
    """The body as it is on the wire, chunk framing included."""
    events: int = 1_000_000
    """Events of one stream, comments too; each takes some 10 us to read."""
    reads: int = 1_000_000
    """Socket reads of one answer, each of which costs about a hundred bytes beside its
    content. A server may send byte by byte."""


_PLAIN_BYTES, _BYTES_A_TOKEN = 4 * 1024 * 1024, 4096
_PLAIN_EVENTS, _EVENTS_A_TOKEN = 65_536, 16
"""What an honest answer may take: comments and the like, and one event for each token
(about 400 bytes). Held four times while it is read, an endless one must not take more
memory than it was asked for, nor hold up the loop that reads it for longer: leases and
deadlines are kept there."""


def caps_for(max_tokens: int) -> Caps:
    """Of an answer that was asked to have so many tokens at most."""
    most_bytes = _PLAIN_BYTES + _BYTES_A_TOKEN * max_tokens
    most_events = _PLAIN_EVENTS + _EVENTS_A_TOKEN * max_tokens
    usual = Caps()
    return Caps(
        body_bytes=min(usual.body_bytes, most_bytes),
        events=min(usual.events, most_events),
    )
