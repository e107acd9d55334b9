"""The embedded store: real servers, started, killed and stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from redis import Redis

from shared.errors import Misconfigured, StoreDown
from shared.store import embedded


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Ended; a zombie counts, since a container's first process may reap none."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def fake_server(folder: Path, name: str, said: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)


def test_it_answers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    assert store.socket is not None
    with Redis.from_url(store.url) as client:
        assert client.ping()
    store.stop()
    assert not psutil.pid_exists(store.process.pid)
    assert not store.socket.parent.exists()
    assert not (tmp_path / "store.socket").exists()


def test_what_was_written_is_there_after_a_stop(tmp_path: Path) -> None:
    store = embedded.start(tmp_path)
    with Redis.from_url(store.url) as client:
        client.set("kept", "yes")
    store.stop()
    again = embedded.start(tmp_path)
    with Redis.from_url(again.url) as client:
        assert client.get("kept") == b"yes"
    again.stop()


def test_a_killed_server_is_revived_at_its_address_with_its_data(
    tmp_path: Path,
) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    with Redis.from_url(store.url) as client:
        client.set("kept", "yes")
        time.sleep(1.1)  # appendfsync everysec
        store.process.kill()
        store.process.wait()
    assert not store.alive()
    revived = store.revive()
    assert revived.alive()
    with Redis.from_url(store.url) as client:
        assert client.get("kept") == b"yes"
    revived.stop()


def test_it_refuses_rather_than_forgets_when_it_is_full(store_url: str) -> None:
    with Redis.from_url(store_url) as client:
        assert client.config_get("maxmemory-policy") == {
            "maxmemory-policy": "noeviction"
        }
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("port") == {"port": "0"}


def test_a_second_store_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    store = embedded.start(tmp_path)
    try:
        with pytest.raises(Misconfigured, match=rf"process {os.getpid()}"):
            embedded.start(tmp_path)
    finally:
        store.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent, pid = parent_with_a_store(tmp_path)
    parent.kill()
    parent.wait()
    until(lambda: gone(pid))
    Path((tmp_path / "store.socket").read_text()).parent.rmdir()  # empty


def parent_with_a_store(folder: Path) -> tuple[subprocess.Popen[str], int]:
    program = (
        "import pathlib, sys, time\n"
        "from shared.store import embedded\n"
        "store = embedded.start(pathlib.Path(sys.argv[1]))\n"
        "print(store.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        return parent, int(parent.stdout.readline())


def test_a_server_left_behind_is_ended_before_a_new_one_starts(
    tmp_path: Path,
) -> None:
    first = embedded.start(tmp_path)
    assert first.process is not None
    assert first.lock is not None
    assert first.socket is not None
    os.close(first.lock)  # as if its holder had been killed where children live on
    second = embedded.start(tmp_path)
    assert first.process.wait(10) == 0
    assert not first.socket.parent.exists()
    second.stop()


def test_a_stale_note_of_a_socket_does_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "store.socket").write_text(str(tmp_path / "gone" / "s"))
    store = embedded.start(tmp_path)
    store.stop()


def test_an_old_server_of_the_machine_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = tmp_path / "tried"
    said = f'[ "$1" = --version ] && echo Redis server v=6.0.16 || touch {tried}'
    fake_server(tmp_path, "redis-server", said)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    store = embedded.start(tmp_path / "data")
    assert "bundled" in store.kind
    assert not tried.exists()
    store.stop()


def test_a_server_that_will_not_start_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = '[ "$1" = --version ] && echo Redis server v=7.4.0 || exit 3'
    fake_server(tmp_path, "redis-server", said)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    store = embedded.start(tmp_path / "data")
    assert "bundled" in store.kind
    store.stop()


def test_a_url_that_is_given_is_used(tmp_path: Path, store_url: str) -> None:
    store = embedded.start(tmp_path, store_url)
    assert store.url == store_url
    assert store.process is None
    store.stop()
    with Redis.from_url(store_url) as client:
        assert client.ping()


def test_a_url_that_does_not_answer_is_refused_without_its_password(
    tmp_path: Path,
) -> None:
    with pytest.raises(StoreDown, match=r"REDIS_URL=redis://127\.0\.0\.1 ") as raised:
        embedded.start(tmp_path, "redis://:hunter22@127.0.0.1:1/0")
    assert "hunter22" not in str(raised.value)


def test_the_terminal_s_interrupt_does_not_reach_it(tmp_path: Path) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    assert os.getsid(store.process.pid) != os.getsid(0)
    store.stop()
