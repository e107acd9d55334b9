"""Which TCP ports are free, and who has the one that is not."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from shared.errors import InUse, Misconfigured


def url_of(host: str, port: int) -> str:
    """Where a client of this machine finds what listens at `host` and `port`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - that is: at every address
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_port() -> int:
    """A loopback port that is free now; another process may still take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_free(host: str, port: int) -> None:
    """Raise Misconfigured when nobody could listen at this address, and InUse when
    another process does."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host
        why = getattr(error, "strerror", None) or "it is no host name"
        raise Misconfigured(
            f"HOST={host} cannot be found ({why}). 127.0.0.1 is this machine alone,"
            " 0.0.0.0 every network that it is in."
        ) from None
    with socket.socket(family, kind, proto) as probe:
        # As servers do: connections that have just ended do not hinder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Misconfigured(
                    f"Nothing can listen at {host}:{port} ({error.strerror})."
                    " Choose others with --host and --port."
                ) from None
            raise InUse(
                f"Port {port} is in use by {holder(port) or 'another process'}."
                f" Stop that one, or take another: --port {port + 1}"
            ) from None


def holder(port: int) -> str | None:
    """Who listens on `port`: `python3 (process 123)`. None when nobody can tell.

    Linux only, and of other users' processes only for root.
    """
    sockets = _listening(port)
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):  # it ended, or it is not ours to look at
            for descriptor in folder.iterdir():
                if os.readlink(descriptor) in sockets:
                    name = (folder.parent / "comm").read_text().strip()
                    return f"{name} (process {folder.parent.name})"
    return None


def _listening(port: int) -> set[str]:
    """The sockets that listen on `port`, as /proc/PID/fd names them (proc(5))."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{inode}]")
    return found
