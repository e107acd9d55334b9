"""The API on a real socket, in a thread of this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn

from api.heads import BoundedHeads
from api.main import create_app
from shared.settings.settings import Settings


@dataclass
class Api:
    """A running API."""

    url: str
    settings: Settings
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)


@contextmanager
def serving(settings: Settings) -> Iterator[Api]:
    """The API with these settings while the block lasts."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host="127.0.0.1",
            port=0,
            http=BoundedHeads,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the API did not start"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        api = Api(f"http://127.0.0.1:{port}", settings)
        with api.http:
            yield api
    finally:
        server.should_exit = True
        thread.join()


Start = Callable[..., Api]
"""Starts an API with changed settings: `start(redis_url=None)`."""
