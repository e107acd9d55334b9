"""Two self-tests of one machine would measure each other."""

import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

from shared.errors import NotReady
from shared.verdict.selftest import SelfTest
from worker.selftest import run as selftest
from worker.selftest.parts import alone


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own: nobody else's self-test holds these up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_self_test_waits_for_the_one_that_runs_and_says_so() -> None:
    said: list[str] = []
    told, entered = Event(), Event()

    def say(words: str) -> None:
        said.append(words)
        told.set()

    def second() -> None:
        with alone(say):
            entered.set()

    with alone(said.append):
        thread = Thread(target=second)
        thread.start()
        assert told.wait(5)
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()
    assert said == [
        "Another self-test runs on this machine; this one waits for its end."
    ]


def test_whoever_runs_a_self_test_runs_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(streams: Sequence[int], folder: Path) -> SelfTest:
        other = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
        raise NotReady("Tried.")

    monkeypatch.setattr(selftest, "run", tried)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["selftest", "--streams", "1"])
    assert selftest.main() == 2
