"""The stack of a folder is found while it runs, and never a stranger's."""

import os
import socket
from pathlib import Path

import pytest

from cli.stack import NoStack, Stack, StackOptions, find, left, must_find
from cli.stack.address import LOCK
from shared.errors import InUse
from shared.process import is_locked, lock_file

URL = "http://127.0.0.1:8123"


@pytest.fixture
def running(tmp_path: Path) -> int:
    """The lock that a stack of this folder holds."""
    lock = lock_file(tmp_path / LOCK, "a stack")
    assert lock is not None
    return lock


def test_it_is_found_while_it_runs(tmp_path: Path, running: int) -> None:
    with left(tmp_path, URL):
        found = find(None, tmp_path)
        assert found is not None
        assert (found.url, found.how) == (URL, "of this folder")
    assert find(None, tmp_path) is None
    os.close(running)


def test_an_address_that_a_killed_stack_left_is_not_believed(
    tmp_path: Path, running: int
) -> None:
    with left(tmp_path, URL):
        os.close(running)  # as the kernel does at its end
        assert find(None, tmp_path) is None


def test_what_is_named_wins(
    tmp_path: Path, running: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with left(tmp_path, URL):
        monkeypatch.setenv("LLMBENCH_URL", "http://other")
        named, environment = find("http://named", tmp_path), find(None, tmp_path)
    assert named is not None
    assert (named.url, named.how) == ("http://named", "of --url")
    assert environment is not None
    assert (environment.url, environment.how) == ("http://other", "of LLMBENCH_URL")
    os.close(running)


def test_without_any_no_port_is_tried(tmp_path: Path) -> None:
    with pytest.raises(NoStack, match=r"llmbench up.*--url or LLMBENCH_URL"):
        must_find(None, tmp_path)


async def test_a_stack_takes_away_the_address_that_a_killed_one_left(
    tmp_path: Path,
) -> None:
    """Otherwise that address is believed as soon as another holds the lock, and is
    asked with whatever listens there by then."""
    with left(tmp_path, URL), socket.create_server(("127.0.0.1", 0)) as taken:
        stack = Stack(
            StackOptions(
                host="127.0.0.1",
                port=taken.getsockname()[1],
                workers=1,
                simulate=False,
                data_dir=tmp_path,
                redis_url=None,
                lease_s=1,
                drain_s=1,
            ),
            lambda _: None,
        )
        with pytest.raises(InUse, match="Port"):
            await stack.start()
        assert is_locked(tmp_path / LOCK)
        assert find(None, tmp_path) is None
        await stack.stop()
