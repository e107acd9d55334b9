"""The addresses of a name: asked for once, however many connections want them."""

import asyncio
import socket
import time
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

NAMES_KEPT_S = 60.0
"""How long the addresses of a name are believed without asking again."""

Address = tuple[int, Any]
"""Family, and the sockaddr that goes with it."""

_Name = tuple[str, int]


class Names:
    """A resolver with a memory, of the addresses and of the one that answered.

    Asking takes one of a few threads, which others need too: a resolver that hangs
    must not take them all.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._known: dict[_Name, tuple[float, list[Address]]] = {}
        self._asking: dict[_Name, asyncio.Task[list[Address]]] = {}
        self._worked: dict[_Name, Address] = {}

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """In the order to try: the one that answered last, then those of the resolver,
        IPv6 and IPv4 in turn. Raises what the resolver raises."""
        name = (host, port)
        until_s, found = self._known.get(name, (0.0, []))
        if time.monotonic() >= until_s:
            asking = self._asking.get(name)
            if asking is None:
                asking = self._asking[name] = self._loop.create_task(self._ask(name))
                asking.add_done_callback(_heard)
            found = await asyncio.shield(asking)
        good = self._worked.get(name)
        return sorted(found, key=lambda address: address != good)

    def worked(self, host: str, port: int, address: Address) -> None:
        """A connection to it was made."""
        self._worked[host, port] = address

    def has_worked(self, host: str, port: int, address: Address) -> bool:
        """Whether the last connection to the name was one to this address."""
        return self._worked.get((host, port)) == address

    def forget(self, host: str, port: int) -> None:
        """None of them answered: the name may have moved."""
        self._known.pop((host, port), None)

    def close(self) -> None:
        """End what is being asked."""
        for asking in self._asking.values():
            asking.cancel()

    async def _ask(self, name: _Name) -> list[Address]:
        try:
            found = await self._loop.getaddrinfo(*name, type=socket.SOCK_STREAM)
        finally:
            del self._asking[name]
        addresses = _in_turn([(family, at) for family, _, _, _, at in found])
        self._known[name] = (time.monotonic() + NAMES_KEPT_S, addresses)
        return addresses


def _in_turn(addresses: Sequence[Address]) -> list[Address]:
    """The resolver's order, but its families in turn (RFC 8305, 4): where one of them
    leads nowhere, the next address is of the other."""
    if not addresses:
        return []
    each = dict.fromkeys(addresses)
    first = [address for address in each if address[0] == addresses[0][0]]
    others = [address for address in each if address[0] != addresses[0][0]]
    pairs = chain.from_iterable(zip_longest(first, others))
    return [address for address in pairs if address is not None]


def _heard(asking: asyncio.Task[list[Address]]) -> None:
    """Take the error: where no caller waits any more, asyncio would log it."""
    if not asking.cancelled():
        asking.exception()
