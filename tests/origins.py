"""Upstreams on real sockets that keep the bytes of each request they are sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.config import Config
from simulator.server import build, listen, server


@dataclass
class Origin:
    """A simulator, what it was sent, and the key that is meant for it."""

    name: str
    key: str
    base_url: str = ""
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(path, its Authorization, the whole head and body)."""

    def keys(self) -> set[str]:
        """Each Authorization that came here."""
        return {authorization for _, authorization, _ in self.requests}

    def paths(self) -> set[str]:
        """What was asked, without what stands before it."""
        return {path.rpartition("/")[2] for path, _, _ in self.requests}


class Recorder:
    """An application in front of another, which keeps what comes."""

    def __init__(self, app: ASGIApp, origin: Origin) -> None:
        self._app, self._origin = app, origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = b"\n".join(b": ".join(pair) for pair in scope["headers"])
        whole = bytearray(head + b"\n" + scope["query_string"] + b"\n")
        said = dict(scope["headers"]).get(b"authorization", b"").decode()

        async def heard() -> dict[str, object]:
            message = await receive()
            whole.extend(message.get("body", b""))
            return dict(message)

        try:
            await self._app(scope, heard, send)
        finally:
            self._origin.requests.append((scope["path"], said, bytes(whole)))


@contextmanager
def an_origin(name: str, key: str, *, plain: bool = False) -> Iterator[Origin]:
    """A simulator while the block lasts."""
    config = Config(
        ttft_s=0.01,
        gap_s=0.0,
        tokens=4,
        spread=0.0,
        generation_after_s=0.0,
        list_faults=True,
    )
    found, sock = Origin(name, key), listen("127.0.0.1", 0)
    serving = server(Recorder(build(config), found))
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [sock]})
    thread.start()
    base = "/v1" if plain else "/api/v1"
    found.base_url = f"http://127.0.0.1:{sock.getsockname()[1]}{base}"
    try:
        yield found
    finally:
        serving.should_exit = True
        thread.join()
        sock.close()


def upstreams_file(folder: Path, text: str) -> str:
    """`upstreams.toml` in the folder; its path."""
    path = folder / "upstreams.toml"
    path.write_text(text)
    return str(path)
