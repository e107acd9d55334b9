"""`python -m api`: the server, with the settings' host and port."""

import logging
import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from typing import Any

import uvicorn

from api.heads import BoundedHeads
from api.main import collect_seldom, create_app
from shared import tracing
from shared.errors import Misconfigured
from shared.startup import ports, start
from shared.startup.reach import check_closed

log = logging.getLogger("api")

GRACE_S = 5
DEAD_MS = 60_000
"""A peer that takes nothing for so long is cut off by the kernel (Linux)."""


class Server(uvicorn.Server):
    """uvicorn, which says in one line that it is ready and where."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listener in server.sockets:
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    listener.setsockopt(
                        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_MS
                    )
                host, port = listener.getsockname()[:2]
                log.info(
                    "ready http://%s:%d", f"[{host}]" if ":" in host else host, port
                )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise ArgumentTypeError(f"{text!r} is no port; give a number up to 65535")
    return int(text)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    config = start.begin("api")
    parser = ArgumentParser(prog="python -m api", description="Serve the API.")
    parser.add_argument("--host", default=config.host)
    parser.add_argument("--port", type=_port, default=config.port, help="0: a free one")
    given: Any = parser.parse_args()
    try:
        ports.check_free(given.host, given.port)
        check_closed(given.host, config)
    except Misconfigured as error:
        log.error("%s", error)
        sys.exit(start.exit_code(error))
    tracing.setup("llmbench-api")
    collect_seldom()
    server = Server(
        uvicorn.Config(
            create_app(config),
            host=given.host,
            port=given.port,
            loop="uvloop",
            http=BoundedHeads,
            log_config=None,
            access_log=config.access_log,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            forwarded_allow_ips=config.forwarded_allow_ips,
            root_path=config.root_path,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run()


if __name__ == "__main__":
    main()
