"""Serving an application so that its times are honest, here and in tests.

uvicorn with httptools and, where there is one, uvloop; a stamp on each request as its
first bytes are read, since under load the application hears of it much later.
"""

import gc
import socket
from time import monotonic

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class StampedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests carry `state["received_s"]`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["received_s"] = monotonic()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; calls that come before the server runs wait in its queue."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=4096)


def server(app: ASGIApp) -> uvicorn.Server:
    """A server for `app`; run it with `.run(sockets=[...])`."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=StampedProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            # A fault that ends a reply in the middle is no news to be logged.
            log_level="critical",
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )


def serve(app: Starlette, sock: socket.socket) -> None:
    """Serve until a signal comes."""
    # Collections of what never dies are the largest pauses between two events.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    server(app).run(sockets=[sock])
