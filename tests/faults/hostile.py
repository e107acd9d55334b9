"""Requests that nobody sends in earnest, each over a bare socket to a real API: what
/health takes meanwhile, what the process grows by, and what is answered."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import psutil

from tests.faults.figure import Figure, a_folder
from tests.faults.stack import a_stack

MIB = 2**20
MOST_HEALTH_S = 0.25
MOST_GROWTH = 64 * MIB
_WAIT_S = 120.0
"""For an answer; nothing measures by it."""

Pieces = Iterator[bytes]
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Came:
    """What one hostile request did."""

    status: int
    """0: no answer, and the connection closed."""
    content_type: str
    health_s: float
    """The slowest answer of /health from its first byte to its answer."""
    grown: int
    """Bytes of memory at the most, above what there was before."""
    took_s: float


def _body(path: str, content_type: str, pieces: Pieces, headers: str = "") -> Pieces:
    yield (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
        f"{headers}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ).encode()
    for piece in filter(None, pieces):  # an empty one would be the end
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _many(begin: bytes, unit: bytes, total: int, end: bytes = b"") -> Pieces:
    """`unit` again and again, until it is `total` bytes."""
    yield begin
    piece = unit * max(1, _CHUNK // len(unit))
    for _ in range(max(1, total // len(piece))):
        yield piece
    yield end


def _json(begin: bytes, unit: bytes, total: int, path: str = "/benchmark") -> Pieces:
    return _body(path, "application/json", _many(begin, unit, total))


def _file(name: str, pieces: Pieces) -> Pieces:
    def form() -> Pieces:
        yield b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\na/b\r\n'
        yield (
            b'--x\r\nContent-Disposition: form-data; name="prompt_file";'
            b' filename="%s"\r\n\r\n' % name.encode()
        )
        yield from pieces
        yield b"\r\n--x--\r\n"

    return _body("/benchmark", "multipart/form-data; boundary=x", form())


def _form(begin: bytes, unit: bytes, total: int) -> Pieces:
    form = "multipart/form-data; boundary=x"
    return _body("/benchmark", form, _many(begin, unit, total))


_GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"
_PROMPTS = b'{"targets":[{"model":"a/b"}],"prompts":{"prompts":['
_PART = b'--x\r\nContent-Disposition: form-data; name="runs"'
_GENERATE = b'{"prompt":"x","model":"a/b",'

HOSTILE: dict[str, Callable[[int], Pieces]] = {
    "targets that are numbers": lambda n: _json(b'{"targets":[', b"1,", n),
    "targets that are targets": lambda n: _json(
        b'{"targets":[', b'{"model":"a/b"},', n
    ),
    "prompts that are numbers": lambda n: _json(_PROMPTS, b"1,", n),
    "prompts that are empty": lambda n: _json(_PROMPTS, b'{"messages":[]},', n),
    "prompts of a letter": lambda n: _json(_PROMPTS, b'{"prompt":"x"},', n),
    "turns that are none": lambda n: _json(_PROMPTS + b'{"messages":[', b"{},", n),
    "unknown fields": lambda n: _json(b"{", b'"a%d":1,' % 7, n),
    "unknown fields, one by one": lambda n: _body(
        "/benchmark", "application/json", _numbered(b'"a%d":1,', n)
    ),
    "brackets": lambda n: _json(b'{"targets":', b"[", n),
    "objects in objects": lambda n: _json(b'{"load":', b'{"load":', n),
    "one text": lambda n: _json(b'{"submitter":"', b"x" * 64, n),
    "one text of escapes": lambda n: _json(b'{"submitter":"', b"\\u0416", n),
    "one number": lambda n: _json(b'{"runs":', b"7" * 64, n),
    "spaces": lambda n: _json(b'{"runs":', b" " * 64, n),
    "no JSON": lambda n: _json(b"", b"\x00\xff", n),
    "stages": lambda n: _json(b'{"load":{"kind":"stages","stages":[', b"1,", n),
    "/generate, unknown fields": lambda n: _json(_GENERATE, b'"a":1,', n, "/generate"),
    "/generate, brackets": lambda n: _json(
        _GENERATE + b'"seed":', b"[", n, "/generate"
    ),
    "/generate, one number": lambda n: _json(
        _GENERATE + b'"seed":', b"7" * 64, n, "/generate"
    ),
    "a file of CR": lambda n: _file("a.txt", _many(b"", b"\r", n)),
    "a file of LF": lambda n: _file("a.txt", _many(b"", b"\n", n)),
    "a file of boundaries, nearly": lambda n: _file("a.txt", _many(b"", b"\r\n--", n)),
    "a file of one line": lambda n: _file("a.txt", _many(b"", b"x", n)),
    "JSONL of unknown fields": lambda n: _file(
        "a.jsonl", _many(b'{"prompt":"x"', b',"a":1', min(n, MIB - 64), b"}\n")
    ),
    "JSONL of brackets": lambda n: _file("a.jsonl", _many(b"", b"[", n)),
    "JSONL, one number": lambda n: _file(
        "a.jsonl", _many(b'{"max_tokens":', b"7", min(n, MIB - 64), b"}\n")
    ),
    "JSONL of turns": lambda n: _file(
        "a.jsonl", _many(b'{"messages":[{}', b",{}", min(n, MIB - 64), b"]}\n")
    ),
    "CSV of columns": lambda n: _file("a.csv", _many(b"prompt", b",", n, b"\n")),
    "CSV, rows of columns": lambda n: _file(
        "a.csv", _many(b"prompt\n", b"x" + b"," * 900_000 + b"\n", n)
    ),
    "CSV of one field": lambda n: _file("a.csv", _many(b'prompt\n"', b"x", n)),
    "CSV, a field of line ends": lambda n: _file(
        "a.csv", _many(b'prompt\n"', b"\n", n)
    ),
    "a form of parts": lambda n: _form(b"", _PART + b"\r\n\r\n\r\n", n),
    "a part's header": lambda n: _form(_PART + b"\r\nA: ", b"x", n),
    "a part's headers": lambda n: _form(_PART, b"\r\na: b", n),
    "a part's name": lambda n: _form(_PART[:-5], b"x", n),
    "bytes before a form": lambda n: _form(b"", b"\r\n", n),
    "a body that is compressed": lambda n: _body(
        "/benchmark",
        "application/json",
        _many(b"", b"\x1f\x8b\x08", n),
        "Content-Encoding: gzip\r\n",
    ),
    "a content type": lambda _: _body(
        "/generate", "application/json" + ";" * 60_000, iter([b"{}"])
    ),
    "a header": lambda n: _many(_GET + b"A: ", b"x", n, b"\r\n\r\n"),
    "a header without an end": lambda n: _many(_GET + b"A: ", b"x", n),
    "headers": lambda n: _many(_GET, b"a: b\r\n", n, b"\r\n"),
    "a key": lambda n: _many(
        b"POST /benchmark HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ",
        b"x",
        min(n, MIB),
        b"\r\n\r\n",
    ),
    "a URL": lambda n: _many(b"GET /", b"x", n, b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a query": lambda n: _many(b"GET /models?", b"a=b&", n, b" HTTP/1.1\r\n\r\n"),
    "blank lines": lambda n: _many(b"", b"\r\n", n),
    "trailers": lambda n: _many(
        b"POST /generate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n",
        b"a: b\r\n",
        n,
        b"\r\n",
    ),
    "a chunk's extension": lambda n: _many(
        b"POST /generate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/json\r\n\r\n2;a=",
        b"x",
        n,
    ),
    "no HTTP": lambda n: _many(b"", b"\x16\x03\x01", n),
}
"""What is sent, by a name; of so many bytes, or as many as make sense."""


def _numbered(unit: bytes, total: int) -> Pieces:
    yield b"{"
    sent, n = 0, 0
    while sent < total:
        piece = b"".join(unit % i for i in range(n, n + 10_000))
        n += 10_000
        sent += len(piece)
        yield piece


def _sent(port: int, pieces: Pieces) -> tuple[int, str]:
    """Status and content type of the answer; the sending ends where nobody listens."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=_WAIT_S) as peer:
        try:
            for piece in pieces:
                peer.sendall(piece)
        except OSError:
            pass  # it was closed: perhaps with an answer
        try:
            while piece := peer.recv(65_536):
                answer += piece
        except ConnectionError:
            pass
    head, _, _ = bytes(answer[:65_536]).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]) if first else 0, headers.get("content-type", "")


async def hurt(
    url: str, port: int, process: psutil.Process, pieces: Pieces, before: int
) -> Came:
    """Send one request to the API at `port`; ask at `url` for its health meanwhile.

    before: what the process had of memory, in bytes.
    """
    over = asyncio.Event()
    slowest_s, most = 0.0, 0

    async def watch() -> None:
        nonlocal most
        while not over.is_set():
            most = max(most, process.memory_info().rss - before)
            await asyncio.sleep(0.01)

    async def ask() -> None:
        nonlocal slowest_s
        async with httpx.AsyncClient(trust_env=False, timeout=_WAIT_S) as http:
            while True:
                asked_s = time.monotonic()
                answer = await http.get(f"{url}/health")
                slowest_s = max(slowest_s, time.monotonic() - asked_s)
                assert answer.status_code == 200
                if over.is_set():
                    return
                await asyncio.sleep(0.005)

    began_s = time.monotonic()
    watching = [asyncio.create_task(watch()), asyncio.create_task(ask())]
    try:
        status, content_type = await asyncio.to_thread(_sent, port, pieces)
        took_s = time.monotonic() - began_s
    finally:
        over.set()
        await asyncio.gather(*watching)
    return Came(status, content_type, slowest_s, most, took_s)


async def all_hostile(total: int, **env: str) -> dict[str, Came]:
    """What each of `HOSTILE` did, of `total` bytes, with these settings of the API."""
    came: dict[str, Came] = {}
    async with a_stack(a_folder()) as stack:
        ear = stack.start_api(**env)
        assert stack.api is not None
        process = psutil.Process(stack.api.pid)
        url = f"http://127.0.0.1:{stack.api_port}"
        async with httpx.AsyncClient(trust_env=False) as http:
            for asked in (f"{ear}/health", f"{ear}/openapi.json", f"{ear}/benchmark"):
                assert (await http.get(asked)).status_code == 200
        before = process.memory_info().rss
        for name, pieces in HOSTILE.items():
            came[name] = await hurt(url, stack.api_port, process, pieces(total), before)
            print(f"  {name}: {came[name]}", flush=True)
    return came


async def hostile(total: int) -> list[Figure]:
    """Each of `HOSTILE` once, one after the other."""
    came = await all_hostile(total)
    slowest, largest = (
        max(came, key=lambda name: getattr(came[name], what))
        for what in ("health_s", "grown")
    )
    healths_s = sorted(one.health_s for one in came.values())
    grown = came[largest].grown
    bad = [name for name, one in came.items() if one.status >= 500]
    return [
        Figure(
            24,
            f"hostile requests of up to {total // MIB} MiB: slowest answer of /health,"
            " most growth of the API, answered with 5xx",
            f"{len(came)}: {healths_s[-1]:.2f} s ({slowest}; median"
            f" {healths_s[len(healths_s) // 2]:.2f} s),"
            f" {grown / MIB:.0f} MiB ({largest}), {len(bad)}",
            f"<= {MOST_HEALTH_S:g} s; <= {MOST_GROWTH // MIB} MiB; 0",
            healths_s[-1] <= MOST_HEALTH_S and grown <= MOST_GROWTH and not bad,
        )
    ]
