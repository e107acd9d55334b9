"""The whole stack on this machine: store, API, workers and perhaps the simulator.

Everything is a child of this process and ends with it, whatever ends it.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cli.stack.address import LOCK, forget
from cli.stack.child import Child, Say
from cli.stack.idle import check_idle
from shared.clock import monotonic_s, sleep
from shared.errors import BenchError, InUse, NotReady
from shared.process import lock_file
from shared.settings import Settings
from shared.startup.ports import check_free, free_port, url_of
from shared.startup.reach import check_closed
from shared.store import embedded, workers
from shared.store.client import AWAY, connect

ROOT = Path(__file__).resolve().parents[2]
_STORE_LOOK_S = 0.5
_ALL_READY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What the stack is to be."""

    host: str
    port: int
    workers: int
    simulate: bool
    data_dir: Path
    """The embedded store's data, and the lock that keeps a second stack out."""
    redis_url: str | None
    lease_s: float
    drain_s: float
    for_one_job: bool = False
    """Start no worker where the store has other benchmarks to go on with."""
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: str | None = None


class Stack:
    """A stack that is started, watched and stopped, in that order, once."""

    def __init__(self, options: StackOptions, say: Say) -> None:
        self._options = options
        self._say = say
        self._lock: int | None = None
        self._store: embedded.Embedded | None = None
        self._simulator: Child | None = None
        self._servers: list[Child] = []
        self._http = httpx.AsyncClient(trust_env=False, timeout=5)
        self.url = url_of(options.host, options.port)
        self.simulator_url = ""
        """The simulator's API; empty without one."""

    async def start(self) -> None:
        """Start all parts; returns when each of them is ready.

        Raises InUse for a taken port or directory, Misconfigured for a part that
        refuses to start, NotReady for one that ends at once; `stop` is to be called
        then as well.
        """
        options = self._options
        options.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_the_directory()
        check_free(options.host, options.port)
        self._store = embedded.start(options.data_dir / "store", options.redis_url)
        self._say(f"store    ready: {self._store.kind}")
        check_closed(
            options.host,
            Settings().model_copy(update={"redis_url": self._store.url}),
        )
        if options.for_one_job:
            await check_idle(self._store.url, options.data_dir)
        env = options.env | {
            "REDIS_URL": self._store.url,
            "HOST": options.host,
            "PORT": str(options.port),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(ROOT), options.env.get("PYTHONPATH")))
            ),
        }
        if options.simulate:
            env |= await self._start_the_simulator(env)
        self._servers = [
            self._child("api", ("api",), env, self._api_answers),
            *(
                self._child(f"worker {number}", ("worker",), env, self._worker_beats)
                for number in range(1, options.workers + 1)
            ),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for child in self._servers:
                    group.create_task(self._start(child))
        except BaseExceptionGroup as errors:  # the first one ended the others
            raise errors.exceptions[0] from None
        await self._wait_for_all_of_it()

    async def watch(self) -> None:
        """For ever: start again what ends."""
        await asyncio.gather(
            self._watch_the_store(), *(child.supervise() for child in self._children())
        )

    async def stop(self) -> None:
        """Stop all parts: first who speaks, last who listens."""
        grace_s = self._options.drain_s + 10
        try:
            await asyncio.gather(*(child.stop(grace_s) for child in self._servers))
            if self._simulator is not None:
                await self._simulator.stop(grace_s)
            await self._http.aclose()
        finally:
            if self._store is not None:
                self._store.stop()
            if self._lock is not None:
                os.close(self._lock)

    def kill(self) -> None:
        """Let `stop` wait for nobody. The store still gets the time to write."""
        for child in self._children():
            child.kill()

    def _children(self) -> list[Child]:
        return [*self._servers, *([self._simulator] if self._simulator else [])]

    def _take_the_directory(self) -> None:
        path = self._options.data_dir / LOCK
        self._lock = lock_file(path, f"process {os.getpid()}, {self.url}")
        if self._lock is None:
            raise InUse(
                f"A stack already runs in {self._options.data_dir}"
                f" ({path.read_text()}). Stop it, or give this one another place:"
                f" llmbench up --data-dir DIR --port {self._options.port + 1}"
            )
        forget(self._options.data_dir)

    def _child(
        self,
        name: str,
        args: tuple[str, ...],
        env: dict[str, str],
        answers: Callable[[Child], Awaitable[bool]],
    ) -> Child:
        return Child(name, args, env, answers, self._say, self._options.cwd)

    async def _start(self, child: Child) -> None:
        await child.start()
        where = f": {self.url}" if child.name == "api" else ""
        self._say(f"{child.name:<8} ready{where}")

    async def _start_the_simulator(self, env: dict[str, str]) -> dict[str, str]:
        """Start it; the settings that make it the upstream."""
        port = free_port()
        self.simulator_url = f"{url_of('127.0.0.1', port)}/api/v1"
        args = ("simulator", "--port", str(port))
        self._simulator = self._child("simulator", args, env, self._simulator_answers)
        await self._simulator.start()
        self._say(f"simulator ready: {self.simulator_url}")
        return {
            "OPENROUTER_BASE_URL": self.simulator_url,
            "UPSTREAM_KIND": "openrouter",
            "FREE_LIMITS": "off",  # it has none unless it is told to
            "OPENROUTER_API_KEY": "sk-or-v1-simulated",
            "UPSTREAMS_FILE": os.devnull,  # nobody else is asked
        }

    async def _simulator_answers(self, _: Child) -> bool:
        return await self._status(f"{self.simulator_url}/models") == 200

    async def _worker_beats(self, child: Child) -> bool:
        """Whether the store has heard of this worker, as everybody else would see."""
        if self._store is None:
            return False
        redis = connect(self._store.url)
        try:
            alive = await workers.alive(redis, lease_s=self._options.lease_s)
        except AWAY:
            return False
        finally:
            await redis.aclose()
        return any(
            name.startswith(f"{socket.gethostname()}:{child.pid}:") for name in alive
        )

    async def _api_answers(self, _: Child) -> bool:
        return await self._status(f"{self.url}/health") == 200

    async def _wait_for_all_of_it(self) -> None:
        until = monotonic_s() + _ALL_READY_S
        while await self._status(ready := f"{self.url}/health/ready") != 200:
            if monotonic_s() > until:
                raise NotReady(
                    f"Not all is ready within {_ALL_READY_S:g} s:"
                    f" {await self._says(ready)}"
                )
            await sleep(0.05)

    async def _status(self, url: str) -> int | None:
        try:
            return (await self._http.get(url)).status_code
        except httpx.TransportError:
            return None

    async def _says(self, url: str) -> str:
        """The problem that is answered there, in its own words."""
        try:
            return str((await self._http.get(url)).json()["detail"])
        except (httpx.TransportError, ValueError, KeyError):
            return f"{url} does not answer."

    async def _watch_the_store(self) -> None:
        while self._store is not None:
            await sleep(_STORE_LOOK_S)
            if not self._store.alive():
                self._say("store    ended; starting it again")
                try:
                    self._store = self._store.revive()
                except BenchError as error:
                    self._say(f"store    {error}")
