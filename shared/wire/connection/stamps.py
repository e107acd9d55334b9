"""When bytes arrived: the kernel's receive stamps, and how late each may be.

Two questions are answered here, and both need to know when a socket was last *known to
be empty*. A stamp before that moment is wrong (the wall clock was stepped). And of
several packets read at once the kernel reports the last one's stamp only, so the first
of them may be older than shown, but no older than that moment: the difference is the
slack of a read.

Subtleness ahead: which moment is known? A loop cannot be asked when it polled, and its
own stamps are taken after the poll, behind whatever ran in between. So a timer ticks
once a millisecond while calls are open. A poll that reports the tick has returned after
the tick was due; a socket which that poll did *not* report was empty then. Only reads
in later turns of the loop may rely on it, so the moment is published by `call_soon`,
which runs in the next turn before any of its reads. A loop that was blocked reports its
tick late, but the tick was due before the block: the doubt covers the whole of it.
"""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable

from shared.wire.timer import timer

READ_BYTES = 65_536
TICK_S = 0.001
SWEEP_S = 0.05
SLOP_S = 0.0001
"""How far two clocks read one after the other may disagree without a step."""

_TRIES = 9

_NS = 1_000_000_000
_TICK_NS = int(TICK_S * _NS)
_SWEEP_TICKS = round(SWEEP_S / TICK_S)

# Not in the socket module; the number is that of all but SPARC and PA-RISC.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = 64  # one timespec with its header, and room
_unpack = _TIMESPEC.unpack_from
_monotonic = time.monotonic
_wall = time.time


class Stamps:
    """Reads sockets and dates what they held; the counts are of reads.

    `empty_s` is the last moment at which every drained socket of this loop that has not
    been read since was empty (absolute, monotonic).
    """

    __slots__ = (
        "_buffer",
        "_buffers",
        "_countdown",
        "_due_ns",
        "_loop",
        "_sweep",
        "_ticking",
        "_timer",
        "clamped",
        "empty_s",
        "kernel",
        "loop_only",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sweep: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._sweep = sweep
        # One for all reads of the loop: a new one for each costs more than the copy.
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._buffers = [self._buffer]
        self._timer = timer(loop, self._tick)
        self._ticking = False
        self._due_ns = 0
        self._countdown = _SWEEP_TICKS
        self.empty_s = _monotonic()
        self.kernel = 0
        self.loop_only = 0
        self.clamped = 0

    def start(self) -> None:
        """Begin to tick, and to sweep every 50 ms; nothing if it does so already.

        `empty_s` stays what it was until the first tick: nobody knows better.
        """
        if not self._ticking:
            self._ticking = True
            self._due_ns = time.monotonic_ns() + _TICK_NS
            self._timer.arm(self._due_ns, _TICK_NS)

    def stop(self) -> None:
        """Stop ticking: an idle process should sleep."""
        if self._ticking:
            self._ticking = False
            self._timer.disarm()

    def close(self) -> None:
        self._timer.close()

    def receive(self, sock: socket.socket, since_s: float) -> tuple[bytes, float, bool]:
        """(bytes, when the last of them arrived, whether the kernel says so); the time
        is absolute, monotonic seconds.

        The kernel's stamp is wall time, so it is turned into an age at the read itself
        and no step of the clock between two reads can leak in. Where there is no stamp,
        or it lies outside [since_s, now], the time is now.
        Raises what the socket raises.
        """
        n, ancillary, _, _ = sock.recvmsg_into(self._buffers, _ANCILLARY_BYTES)
        now_s = _monotonic()
        data = bytes(self._buffer[:n])
        if not ancillary:
            self.loop_only += bool(data)  # the end of a stream has no stamp
            return data, now_s, False
        wall = _wall()
        for _ in range(_TRIES):
            if _monotonic() - now_s <= SLOP_S:
                break
            # We were not running between the two clocks: an age taken across that
            # pause would put the arrival before the question.
            now_s, wall = _monotonic(), _wall()
        seconds, nanoseconds = _unpack(ancillary[0][2])
        stamp_s = now_s - (wall - seconds - nanoseconds * 1e-9)
        if not since_s <= stamp_s <= now_s:
            if not since_s - SLOP_S <= stamp_s <= now_s + SLOP_S:
                self.clamped += 1
                return data, now_s, False
            stamp_s = min(max(stamp_s, since_s), now_s)
        self.kernel += 1
        return data, stamp_s, True

    def _tick(self, count: int) -> None:
        due_s = self._due_ns / _NS
        self._due_ns += count * _TICK_NS
        self._loop.call_soon(self._publish, due_s)
        self._countdown -= count
        if self._countdown <= 0:
            self._countdown = _SWEEP_TICKS
            # After the reads of this turn: a loop that comes late must not take what
            # lies in its sockets for silence.
            self._loop.call_soon(self._sweep)

    def _publish(self, due_s: float) -> None:
        if due_s > self.empty_s:
            self.empty_s = due_s


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel date what this socket receives; False where it cannot."""
    if sys.platform != "linux":
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True
