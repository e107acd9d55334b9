"""A store of a test's own, to be killed, emptied and hung."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.store import embedded


class Store:
    """A server of this test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = embedded.start(folder)
        self.url = self._running.url
        self.socket = str(self._running.socket)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._running.process is not None
        return self._running.process

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def revive(self) -> None:
        """Again at the same address, with what it had written."""
        self._running = self._running.revive()

    def revive_empty(self) -> None:
        """Again at the same address, as a store that never wrote to disk."""
        for file in self._folder.glob("*/appendonlydir/*"):
            file.unlink()
        self.revive()

    def stop(self) -> None:
        self._running.stop()


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    store = Store(folder / "store")
    try:
        yield store
    finally:
        if store.process.poll() is None:
            store.process.send_signal(signal.SIGCONT)
        store.stop()
