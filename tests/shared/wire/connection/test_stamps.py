"""Stamps against the truth: a server in a process of its own, on the same clock."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

import pytest

from shared.wire.connection import stamps as wire_stamps
from shared.wire.wire import Exchange, Request, request
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    answering,
    serving,
    wiring,
)

pytestmark = pytest.mark.alone

SERVER = r"""
import socket, sys, threading, time
# Writes n events, gap_s apart (n and gap_s stand in the path), each of which holds the
# time of its own sending: the truth travels in the body.
def serve(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while head := sock.recv(65536):
        _, n, gap_s = head.split()[1].decode().split("/")
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(int(n)):
            time.sleep(float(gap_s))
            event = b"data: %.9f\n\n" % time.monotonic()
            sock.sendall(b"%x\r\n%s\r\n" % (len(event), event))
        sock.sendall(b"0\r\n\r\n")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@pytest.fixture(scope="module")
def truthful() -> Iterator[str]:
    """The URL of the server."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as at:
        assert at.stdout is not None
        yield f"http://127.0.0.1:{int(at.stdout.readline())}"
        at.kill()


def asking(url: str, n: int, gap_s: float) -> Request:
    return request("GET", f"{url}/{n}/{gap_s}")


def errors_s(exchange: Exchange) -> list[float]:
    """Per piece with events: its stamp minus the true time of its last event."""
    assert exchange.failure is None
    return [
        stamp_s - float(piece.split()[-1])
        for stamp_s, piece in exchange.response().pieces
    ]


def block(after_s: float, for_s: float) -> None:
    asyncio.get_running_loop().call_later(after_s, time.sleep, for_s)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="no kernel stamps")


async def test_stamps_are_close_to_the_truth(truthful: str) -> None:
    async with wiring() as wire:
        exchange = await wire.exchange(asking(truthful, 50, 0.002))
        errors = errors_s(exchange)
        assert len(errors) > 25
        assert min(errors) > -0.001
        assert median(errors) < 0.02  # 0.05 ms on a quiet machine
        assert (exchange.slack_s() or 0.0) < 0.2


@linux_only
async def test_the_stamp_of_an_event_is_true_although_the_loop_was_blocked(
    truthful: str,
) -> None:
    async with wiring() as wire:
        await wire.warm(asking(truthful, 1, 0).origin, 1)
        # The kernel begins to stamp a moment after the machine's first socket asks.
        await wire.exchange(asking(truthful, 1, 0.1))
        before, errors = wire.stats, []
        for _ in range(3):  # once the server itself may be held up while it writes
            block(0.02, 0.3)
            errors += errors_s(await wire.exchange(asking(truthful, 1, 0.1)))
        assert min(errors) < 0.05  # the loop itself came 0.2 s late
        assert wire.stats.kernel > before.kernel
        assert wire.stats.loop == before.loop


async def test_without_kernel_stamps_a_blocked_loop_shows_and_is_owned_up_to(
    truthful: str,
) -> None:
    async with wiring(kernel_stamps=False) as wire:
        await wire.warm(asking(truthful, 1, 0).origin, 1)
        block(0.02, 0.3)
        exchange = await wire.exchange(asking(truthful, 1, 0.1))
        error_s = max(errors_s(exchange))
        assert error_s > 0.1
        assert (exchange.slack_s(()) or 0.0) > error_s - 0.05
        assert wire.stats.kernel == 0
        assert wire.stats.loop > 0


@linux_only
async def test_events_that_merged_while_the_loop_was_blocked_have_slack(
    truthful: str,
) -> None:
    async with wiring() as wire:
        await wire.warm(asking(truthful, 1, 0).origin, 1)
        block(0.1, 0.2)
        exchange = await wire.exchange(asking(truthful, 20, 0.02))
        assert median(errors_s(exchange)) < 0.05  # the last of each merged piece
        late_s = max(
            stamp_s - float(piece.split()[1])
            for stamp_s, piece in exchange.response().pieces
        )
        assert late_s > 0.1  # what the first of a merged piece is shown too late
        assert (exchange.slack_s() or 0.0) > late_s - 0.05
        merged_s = [s for s, piece in exchange.response().pieces if b"\n\n" in piece]
        assert exchange.slack_s(merged_s) == exchange.slack_s()
        # where no number depends on them, only a read without a kernel stamp is left
        assert (exchange.slack_s(()) or 0.0) < late_s / 2


@linux_only
async def test_a_quiet_loop_has_little_slack_even_when_one_write_holds_two_events() -> (
    None
):
    events = b"data: a\n\ndata: b\n\n"
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Type: text/event-stream\r\n\r\n")
    parts = head, b"%x\r\n%s\r\n" % (len(events), events), LAST_CHUNK
    slacks: list[float] = []
    async with serving(answering(*parts, gap_s=0.05)) as server, wiring() as wire:
        for _ in range(11):
            slack_s = (await wire.exchange(server.get())).slack_s()
            assert slack_s is not None
            slacks.append(slack_s)
    assert min(slacks) >= 0
    assert median(slacks) < 0.02  # about 1 ms; the pause before them was 50


async def test_the_ticks_stop_when_nothing_is_open_and_start_again(
    truthful: str,
) -> None:
    async with wiring() as wire:
        await wire.exchange(asking(truthful, 1, 0))
        before_s = 0.0
        while (
            before_s != wire._stamps.empty_s
        ):  # it stands still once they have stopped
            before_s = wire._stamps.empty_s
            await asyncio.sleep(0.1)
        await wire.exchange(asking(truthful, 1, 0.01))
        assert wire._stamps.empty_s > before_s


@linux_only
async def test_a_pause_between_two_clocks_does_not_date_an_answer_before_its_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses = 0

    def preempted() -> float:
        nonlocal pauses
        pauses += 1
        if pauses % 2:
            time.sleep(0.02)
        return time.time()

    monkeypatch.setattr(wire_stamps, "_wall", preempted)
    async with serving(answering(CHUNKED, LAST_CHUNK)) as server, wiring() as wire:
        for _ in range(5):
            exchange = await wire.exchange(server.get())
            assert exchange.failure is None
        assert len(server.requests) == 5, "one was sent once more, and paid for"
    assert pauses >= 5
