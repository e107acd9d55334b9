"""`llmbench` on a terminal of its own (a pty), as a person sees it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.house import ROOT

CTRL_C = "\x03"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Terminal:
    """A command that runs on it."""

    child: subprocess.Popen[bytes]
    fd: int
    raw: str = ""
    """All that came, control sequences too."""

    @property
    def text(self) -> str:
        """The same without them."""
        return _CONTROL.sub("", self.raw)

    def until(self, words: str, *, deadline_s: float = 60) -> None:
        """Read until these words are there, or else say what was."""
        end_s = time.monotonic() + deadline_s
        while words not in self.text:
            assert time.monotonic() < end_s, self.text
            if not self._read(0.2) and self.child.poll() is not None:
                raise AssertionError(f"it ended without {words!r}: {self.text}")

    def type(self, keys: str) -> None:
        """As from the keyboard: Ctrl-C is a signal to the command."""
        os.write(self.fd, keys.encode())

    def ended(self, *, deadline_s: float = 60) -> int:
        """The exit code, once it has ended."""
        end_s = time.monotonic() + deadline_s
        while self.child.poll() is None or self._read(0):
            assert time.monotonic() < end_s, self.text
            self._read(0.1)
        return self.child.wait()

    def _read(self, wait_s: float) -> bool:
        """Whether something came."""
        if not select.select([self.fd], [], [], wait_s)[0]:
            return False
        try:
            found = os.read(self.fd, 65_536)
        except OSError:  # its end was closed
            return False
        self.raw += found.decode("utf-8", "replace")
        return bool(found)


@contextmanager
def terminal(*args: str, columns: int = 100, **env: str) -> Iterator[Terminal]:
    """`llmbench ARGS` on a terminal so wide, for as long as the block lasts."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "cli", *args],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**inherited, "TERM": "xterm-256color", **env},
        start_new_session=True,
        # its own terminal: only so does Ctrl-C reach it
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Terminal(child, ours)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        os.close(ours)
