"""Real parts as child processes: a simulator, workers, each with its own log."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.process import tied
from tests.warm import processes
from tests.warm.processes import Forked

SHORT = {"LEASE_S": "1.5", "HEARTBEAT_S": "0.5", "REAPER_TICK_S": "0.2"}
"""Leases so short that takeovers can be waited for."""

CANARY = "sk-or-v1-canary5e1f0c0ffee5e1f0c0ffee"
"""The key that every test uses; it must never be seen again anywhere."""


@dataclass(frozen=True)
class Simulator:
    """A running simulator."""

    base_url: str
    """Of the API: `http://127.0.0.1:PORT/api/v1`."""

    def get(self, path: str) -> Any:
        """A JSON document from the server's root, such as `/sim/ledger`."""
        root = self.base_url.removesuffix("/api/v1")
        with urllib.request.urlopen(root + path, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def ledger(self) -> list[dict[str, Any]]:
        """What it truly did, a row per request."""
        rows: list[dict[str, Any]] = self.get("/sim/ledger")["records"]
        return rows


@contextmanager
def simulator(
    *options: str, module: str = "simulator", **env: str
) -> Iterator[Simulator]:
    """A simulator on a free port, for as long as the block lasts."""
    args, given = [module, "--port", "0", *options], {**os.environ, **env}
    reads, writes = os.pipe()
    with open(reads) as said:
        with open(writes, "wb") as out:
            if module == "simulator":
                child: subprocess.Popen[bytes] = Forked(args, given, out, err=2)
            else:
                argv = tied([sys.executable, "-m", *args])
                child = subprocess.Popen(argv, env=given, stdout=out)
        try:
            ready, base_url = said.readline().split()
            assert ready == "ready"
            yield Simulator(base_url)
        finally:
            child.terminate()
            child.wait(10)


@dataclass
class Workers:
    """Worker processes against one store and one upstream."""

    env: dict[str, str]
    folder: Path
    warm: bool = True
    """They need not import (`tests.warm`); not where a reduce is killed."""
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        """One more worker."""
        env = {**os.environ, **self.env, **more}
        with (self.folder / f"worker{len(self.children)}.out").open("wb") as out:
            if self.warm:
                child: subprocess.Popen[bytes] = Forked(["worker"], env, out)
            else:
                argv = tied([sys.executable, "-m", "worker"])
                child = subprocess.Popen(argv, env=env, stdout=out, stderr=out)
        self.children.append(child)
        return child

    def output(self) -> str:
        """All that workers have printed."""
        files = sorted(self.folder.glob("worker*.out"))
        return "".join(file.read_text("utf-8") for file in files)

    def stop(self) -> list[int]:
        """SIGTERM to those alive; every exit code, in the order of their start."""
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        return [child.wait(60) for child in self.children]


@contextmanager
def workers(
    store_url: str, upstream: str, folder: Path, *, warm: bool = True, **env: str
) -> Iterator[Workers]:
    """Workers that end with the block; their results go to `folder/results`."""
    given = {
        "REDIS_URL": store_url,
        "OPENROUTER_BASE_URL": upstream,
        "UPSTREAM_KIND": "openrouter",
        "FREE_LIMITS": "off",  # a test that is about them says what they are
        "OPENROUTER_API_KEY": CANARY,
        "RESULTS_DIR": str(folder / "results"),
        "SPOOL_DIR": str(folder / "spool"),
        "LOG_FILE": str(folder / "server_logs.txt"),
        **SHORT,
        **(processes.warm() if warm else {}),
        **env,
    }
    fleet = Workers(given, folder, warm)
    try:
        yield fleet
    finally:
        for child in fleet.children:
            if child.poll() is None:
                child.kill()
            child.wait()


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, *, deadline_s: float = 60
) -> None:
    """Wait for a state; fails with `what` when it does not come."""
    with_in = asyncio.timeout(deadline_s)
    try:
        async with with_in:
            while not await holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {deadline_s:g} s") from None
