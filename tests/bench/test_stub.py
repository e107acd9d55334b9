"""The bench's stub: what it says it did is what a plain socket saw."""

import json
import socket
import time
from pathlib import Path

import pytest

from bench import stub as bench_stub
from bench.stub import Stub, Truth, build, read_truth, stub

pytestmark = pytest.mark.alone

LATE_S = 5.0
"""So much later may a busy machine read, or write, than it should."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("stub"))[0]


def ask(one: Stub, body: dict[str, object]) -> tuple[float, list[tuple[float, bytes]]]:
    """(when the request went out, (when, bytes) of each read until the end)."""
    text = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(text)}\r\n\r\n"
    reads: list[tuple[float, bytes]] = []
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as sock:
        sent_s = time.monotonic()
        sock.sendall(head.encode() + text)
        while not reads or not reads[-1][1].endswith((b"0\r\n\r\n", b"}}")):
            data = sock.recv(65_536)
            assert data, "the stub closed the connection"
            reads.append((time.monotonic(), data))
    return sent_s, reads


def test_its_truth_is_what_a_raw_socket_saw(program: Path) -> None:
    body: dict[str, object] = {"model": "stub/120/60/3", "stream": True}
    with stub(program) as running:
        sent_s, reads = ask(running, body)
        truth = running.truth()
    # Events that came together were read together: each has its read all the same.
    seen_s = [at_s for at_s, data in reads for _ in range(data.count(b'"content"'))]
    ((name, true),) = truth.items()
    assert name.encode() in b"".join(data for _, data in reads)
    assert sent_s <= true.arrived_s <= true.events_s[0] - 0.120
    assert len(true.events_s) == len(seen_s) == 3
    for written_s, read_s in zip(true.events_s, seen_s, strict=True):
        assert 0 <= read_s - written_s < LATE_S


def test_its_events_come_at_absolute_times(program: Path) -> None:
    with stub(program, "--ttft", "30", "--gap", "10", "--tokens", "8") as running:
        ask(running, {"model": "any", "stream": True})
        (true,) = running.truth().values()
    for n, written_s in enumerate(true.events_s):
        due_s = true.arrived_s + 0.030 + n * 0.010
        assert 0 <= written_s - due_s < LATE_S


def test_an_unstreamed_answer_is_one_document(program: Path) -> None:
    with stub(program) as running:
        _, reads = ask(running, {"model": "stub/0/0/5", "stream": False})
        (true,) = running.truth().values()
    document = json.loads(b"".join(d for _, d in reads).partition(b"\r\n\r\n")[2])
    assert document["usage"]["completion_tokens"] == 5
    assert len(true.events_s) == 1


def test_its_log_forgets_what_it_has_told(program: Path) -> None:
    with stub(program) as running:
        ask(running, {"model": "stub/0/0/1", "stream": True})
        assert len(running.truth()) == 1
        assert running.truth() == {}


def test_a_log_is_read_record_by_record() -> None:
    numbers = [7, 1_000_000_000, 2, 1_500_000_000, 1_750_000_000, 8, 9, 0]
    log = b"".join(number.to_bytes(8, "little") for number in numbers)
    # the answer that nobody waited for has no event, and is left out
    assert read_truth(log) == {"stub-7": Truth(1.0, (1.5, 1.75))}
    assert Truth(1.0, (1.5, 1.75)).ttft_s == 0.5
    assert Truth(1.0, (1.5, 1.75)).gap_max_s == 0.25


def test_without_a_compiler_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="install gcc"):
        bench_stub.build(tmp_path)
