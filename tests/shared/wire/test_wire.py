"""Calls over real sockets: keeping, losing and ending connections."""

import asyncio
import gc
import socket
import sys
import threading
import time
from collections import Counter

import pytest

from shared.wire.wire import Call, Exchange, Origin, request
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    serving,
    wiring,
)


async def test_a_connection_serves_one_call_after_the_other() -> None:
    async with serving(answering(OK)) as server, wiring() as wire:
        first = await wire.exchange(server.get())
        second = await wire.exchange(server.get())
        assert server.connections == 1
        assert (first.reused, second.reused) == (False, True)
        assert first.connect_s is not None
        assert first.connect_s > 0
        assert second.connect_s is None
        assert second.response().status == 200
        assert second.response().body == b"ok"
        assert second.failure is None
        assert second.peer == server.url.removeprefix("http://")


async def test_the_times_of_a_call_are_in_order() -> None:
    parts = CHUNKED, b"2\r\nok\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
    stamps = [stamp for stamp, _ in exchange.reads]
    assert len(stamps) == 3
    assert [exchange.sent_s, *stamps] == sorted([exchange.sent_s, *stamps])
    assert exchange.first_byte_s == stamps[0]
    assert exchange.response().pieces == [(stamps[1], b"ok")]
    assert exchange.ended_s == stamps[2]


async def test_a_chunked_answer_is_drained_so_that_its_connection_is_kept() -> None:
    parts = CHUNKED, b"5\r\nhello\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        for _ in range(3):
            exchange = await wire.exchange(server.get())
            assert exchange.response().body == b"hello"
        assert server.connections == 1


async def test_what_looks_like_the_last_chunk_inside_a_body_ends_nothing() -> None:
    body = b"x\r\n0\r\n\r\n"
    parts = CHUNKED + b"c\r\n" + body, b"tail", b"\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == body + b"tail"
        assert wire.idle_connections == 1


async def test_trailers_and_chunk_extensions_are_tolerated() -> None:
    parts = CHUNKED, b"2;a=b\r\nok\r\n", b"0;c=d\r\nX-Sum: 1\r\n\r\n"
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok"
        assert "x-sum" not in exchange.response().headers
        assert wire.idle_connections == 1


async def test_one_byte_at_a_time_gives_the_same_answer() -> None:
    answer = CHUNKED + b"2\r\nok\r\n3\r\n...\r\n" + LAST_CHUNK
    single = [answer[i : i + 1] for i in range(len(answer))]
    async with serving(answering(*single, gap_s=0.001)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok..."
        assert len(exchange.reads) > 10
        assert wire.idle_connections == 1


async def test_a_body_without_a_length_ends_with_its_connection() -> None:
    parts = b"HTTP/1.1 200 OK\r\n\r\n", b"all ", b"there is"
    async with serving(answering(*parts, close=True)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.response().body == b"all there is"
        assert wire.idle_connections == 0


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_a_connection_that_the_server_will_close_is_not_kept(head: bytes) -> None:
    async with serving(answering(head, b"ok")) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok"
        assert wire.idle_connections == 0


async def test_interim_answers_are_skipped() -> None:
    parts = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK
    for joined in (parts, (b"".join(parts),)):
        async with serving(answering(*joined)) as server, wiring() as wire:
            response = (await wire.exchange(server.get())).response()
            assert (response.status, response.body) == (200, b"ok")
            assert "link" not in response.headers


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_that_cannot_have_a_body_ends_with_its_head(
    status: bytes,
) -> None:
    head = b"HTTP/1.1 " + status + b"\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().status == int(status[:3])
        assert wire.idle_connections == 1


async def test_a_redirect_is_an_answer_like_another() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().status == 302
        assert exchange.response().headers["location"] == "/other"
        assert len(server.requests) == 1


async def test_bytes_behind_a_complete_answer_cost_only_the_connection() -> None:
    for excess in (b"garbage", OK):
        async with serving(answering(OK + excess)) as server, wiring() as wire:
            exchange = await wire.exchange(server.get())
            assert exchange.failure is None
            assert exchange.response().body == b"ok"
            assert wire.idle_connections == 0


async def test_bytes_behind_a_last_chunk_do_not_keep_the_call_waiting() -> None:
    parts = (CHUNKED + b"2\r\nok\r\n" + LAST_CHUNK + b"excess",)
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.ended_s == exchange.first_byte_s
        assert wire.idle_connections == 0


async def test_a_kept_connection_that_dies_after_a_byte_is_not_tried_again() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        await client.request()
        writer.write(OK[:-1])

    async with serving(script) as server, wiring() as wire:
        await wire.exchange(server.get())
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "cut"
        assert exchange.response().body == b"o"
        assert server.connections == 1


async def test_a_stream_cut_at_any_byte_is_a_cut() -> None:
    answer = CHUNKED + b"2\r\nok\r\n" + LAST_CHUNK
    async with wiring() as wire:
        for end in range(len(answer)):
            async with serving(answering(answer[:end], close=True)) as server:
                exchange = await wire.exchange(server.get())
                assert exchange.failure is not None
                assert exchange.failure.kind == ("cut" if end else "disconnected"), end


async def test_a_reset_in_the_middle_is_a_cut() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(CHUNKED + b"2\r\nok\r\n")
        await asyncio.sleep(0.02)
        writer.transport.abort()

    async with serving(script) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "cut"
        assert exchange.response().body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>Bad Gateway</html>",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        CHUNKED + b"nonsense\r\nok\r\n" + LAST_CHUNK,
        CHUNKED + b"fffffffffffffffff\r\nok\r\n" + LAST_CHUNK,
        CHUNKED + b"2\r\nokay\r\n" + LAST_CHUNK,
    ],
)
async def test_what_is_not_http_is_a_protocol_error_at_once(answer: bytes) -> None:
    async with serving(answering(answer)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_bad_chunks_are_found_when_the_server_goes_quiet() -> None:
    async with serving(answering(CHUNKED + b"zz\r\n")) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"


async def test_a_server_that_speaks_first_is_not_believed() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await client.hang_up()

    async with serving(script) as server, wiring() as wire:
        await wire.warm(server.get().origin, 1)
        await asyncio.wait_for(server.hung_up.wait(), 10)
        assert wire.idle_connections == 0


def closing_early(listener: socket.socket) -> None:
    """Answers, then says 408 to nobody, as servers do before they close; then again."""
    for _ in range(2):
        sock, _ = listener.accept()
        with sock:
            sock.recv(65_536)
            sock.sendall(OK)
            time.sleep(0.05)
            sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.skipif(sys.platform != "linux", reason="no kernel stamps")
async def test_what_a_kept_connection_said_before_it_was_asked_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=closing_early, args=(listener,))
        server.start()
        asked = request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with wiring() as wire:
            await wire.exchange(asked)
            time.sleep(0.2)  # the loop cannot see the 408 before it sends
            exchange = await wire.exchange(asked)
            assert exchange.response().status == 200
            assert not exchange.reused
        server.join()


async def test_a_fresh_connection_that_spoke_before_it_was_asked_is_refused() -> None:
    ends: list[Exchange] = []
    async with serving(answering()) as server, wiring() as wire:
        call = wire.start(server.get(), ends.append)
        while call.exchange.sent_s is None:
            await asyncio.sleep(0.001)
        assert call._link is not None
        call.on_bytes(call._link, call.exchange.sent_s - 0.01, OK, 0.0, True)
        assert ends[0].failure is not None
        assert ends[0].failure.kind == "protocol_error"


async def test_cancelling_closes_the_socket_and_ends_the_call_once() -> None:
    ends: list[Exchange] = []
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        began = asyncio.Event()
        call = wire.start(server.get(), ends.append, on_read=lambda _: began.set())
        await began.wait()
        call.cancel()
        call.cancel()
        assert len(ends) == 1
        assert ends[0].failure is not None
        assert ends[0].failure.kind == "cancelled"
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_a_call_may_be_cancelled_while_it_connects_or_from_its_own_reads() -> (
    None
):
    ends: list[Exchange] = []
    calls: list[Call] = []
    async with serving(answering(OK)) as server, wiring() as wire:
        wire.start(server.get(), ends.append).cancel()
        assert [end.sent_s for end in ends] == [None]
        calls.append(
            wire.start(server.get(), ends.append, on_read=lambda _: calls[0].cancel())
        )
        while len(ends) < 2:
            await asyncio.sleep(0.001)
        assert ends[1].failure is not None
        assert ends[1].failure.kind == "cancelled"


async def test_cancelling_an_awaited_exchange_closes_its_connection() -> None:
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        task = asyncio.create_task(wire.exchange(server.get()))
        while not server.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_the_end_of_a_call_may_start_the_next_one_on_its_connection() -> None:
    ended = asyncio.Event()
    exchanges: list[Exchange] = []
    async with serving(answering(OK)) as server, wiring() as wire:

        def on_end(exchange: Exchange) -> None:
            exchanges.append(exchange)
            if len(exchanges) < 500:
                wire.start(server.get(), on_end)
            else:
                ended.set()

        wire.start(server.get(), on_end)
        await ended.wait()
        assert server.connections == 1
        assert {exchange.failure for exchange in exchanges} == {None}


async def test_warm_connections_are_there_before_the_first_call() -> None:
    async with serving(answering(OK)) as server, wiring() as wire:
        origin = server.get().origin
        assert await wire.warm(origin, 5) == 5
        assert await wire.warm(origin, 5) == 5
        assert wire.idle_connections == 5
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert server.connections == 5


async def test_the_first_call_on_a_connection_opened_ahead_has_its_connect_time() -> (
    None
):
    async with serving(answering(OK)) as server, wiring() as wire:
        await wire.warm(server.get().origin, 1)
        first, second = [await wire.exchange(server.get()) for _ in range(2)]
        assert server.connections == 1
        assert (first.reused, second.reused) == (False, True)
        assert first.connect_s is not None
        assert first.connect_s > 0
        assert second.connect_s is None


async def test_warming_an_origin_where_nobody_listens_opens_nothing() -> None:
    async with wiring() as wire:
        assert await wire.warm(Origin("http", "127.0.0.1", 1), 3) == 0


async def test_an_idle_connection_that_the_server_closes_is_dropped() -> None:
    async with serving(answering(OK, close=True)) as server, wiring() as wire:
        await wire.exchange(server.get())
        while wire.idle_connections:
            await asyncio.sleep(0.001)
        assert not (await wire.exchange(server.get())).reused


async def test_a_large_request_goes_out_whole() -> None:
    body = bytes(range(256)) * 32_768  # 8 MiB, more than any socket's buffer
    async with serving(answering(OK)) as server, wiring() as wire:
        asked = request("POST", server.url, {}, body)
        exchange = await wire.exchange(asked)
        assert exchange.failure is None
        assert server.requests == [asked.head_and_body]
        assert wire.idle_connections == 1


async def test_an_answer_before_the_request_is_out_counts_and_ends_the_connection() -> (
    None
):
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(refusal)
        await client.hang_up()

    async def late_script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await script(client, writer)

    async with serving(late_script) as server, wiring() as wire:
        big = request("POST", server.url, {}, b"x" * 2**25)
        exchange = await wire.exchange(big)
        assert exchange.response().status == 413
        assert wire.idle_connections == 0


async def test_closing_the_wire_cancels_what_is_open() -> None:
    ends: list[Exchange] = []
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        wire.start(server.get(), ends.append)
        wire.start(server.get(), ends.append)
        await asyncio.sleep(0.02)
        await wire.aclose()
        assert [end.failure and end.failure.kind for end in ends] == ["cancelled"] * 2
        with pytest.raises(RuntimeError, match="closed"):
            wire.start(server.get(), ends.append)


async def test_finished_calls_are_freed_without_the_garbage_collector() -> None:
    """Collection is off while calls are timed, so circles would pile up."""
    parts = CHUNKED, b"2\r\nok\r\n", LAST_CHUNK
    async with (
        serving(answering(*parts)) as server,
        serving(answering(parts[0], parts[1], close=True)) as cutting,
        serving(answering(b"garbage")) as garbling,
        wiring() as wire,
    ):
        for asked in (server.get(), cutting.get(), garbling.get()):
            await wire.exchange(asked)
        gc.collect()
        gc.disable()
        try:
            before = remains()
            for asked in (server.get(), cutting.get(), garbling.get()):
                for _ in range(5):
                    (await wire.exchange(asked)).response()
            assert remains() == before
        finally:
            gc.enable()


def remains() -> Counter[str]:
    """How many of the wire's objects are alive, by class."""
    kinds = {"Call", "Exchange", "HttpResponseParser", "Link", "Parse", "Response"}
    return Counter(
        name for found in gc.get_objects() if (name := type(found).__name__) in kinds
    )
