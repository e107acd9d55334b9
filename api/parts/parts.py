"""All that the process holds, handed to every endpoint that asks for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.asyncio import Redis

from api.parts.access import StoreAccess
from api.parts.account_page import AccountPage
from api.parts.traffic import Traffic
from api.parts.views import Views
from api.parts.watchers import Watchers
from shared.settings import Settings
from shared.upstream import Catalogue, Contact


@dataclass(frozen=True, slots=True)
class Store:
    """The store, and what this process keeps for it."""

    redis: Redis
    views: Views
    watchers: Watchers
    access: StoreAccess = field(default_factory=StoreAccess)
    describing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who writes what is said of a run into its files."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process holds. Without a store there are no benchmarks."""

    contact: Contact
    account_page: AccountPage
    store: Store | None
    traffic: Traffic
    stopping: Callable[[], bool]
    """Whether the server was told to end; long answers ask this twice a second."""
    large: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who reads a large plan."""
    comparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who compares benchmarks."""

    @property
    def settings(self) -> Settings:
        """With what is known of the upstream by now."""
        return self.contact.settings

    @property
    def catalogue(self) -> Catalogue:
        """The upstream's models."""
        return self.contact.catalogue
