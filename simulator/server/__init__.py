"""The server: its routes, playing a script at its times, and serving so that the stamps
are honest.

May import: `bodies`, `pace`, `catalogue`, `reply`, `faults`, `calls`, `config`,
`ledger`.
"""

from simulator.server.app import build
from simulator.server.listen import listen, serve, server

__all__ = ["build", "listen", "serve", "server"]
