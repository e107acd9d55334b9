"""All that the process holds, handed to every endpoint that asks for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redis.asyncio import Redis

from api.parts.access import StoreAccess
from api.parts.account_page import AccountPage
from api.parts.traffic import Traffic
from api.parts.views import Views
from api.parts.watchers import Watchers
from api.tokens import KnownTokens
from shared.access import Caller
from shared.settings import DEFAULT, Settings
from shared.upstream import Catalogue, Contact, Contacts


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

    contacts: Contacts
    store: Store | None
    traffic: Traffic
    stopping: Callable[[], bool]
    """Whether the server was told to end; long answers ask this twice a second."""
    tokens: KnownTokens
    large: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who reads a large plan."""
    pages: dict[str, AccountPage] = field(default_factory=dict)
    """By upstream, of those that were asked for."""
    comparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who compares benchmarks."""

    def of(self, caller: Caller) -> "Parts":
        """The same for who asks: other benchmarks are as if they were not there."""
        if self.store is None or caller.sees_all:
            return self
        views = self.store.views.of(caller)
        return replace(self, store=replace(self.store, views=views))

    @property
    def contact(self) -> Contact:
        """That with the default upstream."""
        return self.contacts.default

    def account_page(self, upstream: str = DEFAULT) -> AccountPage:
        """The account behind our key there."""
        page = self.pages.get(upstream)
        if page is None:
            contact = self.contacts.of(upstream)
            page = self.pages[upstream] = AccountPage(contact)
        return page

    @property
    def settings(self) -> Settings:
        """With what is known of the default upstream by now."""
        return self.contact.settings

    @property
    def catalogue(self) -> Catalogue:
        """The default upstream's models."""
        return self.contact.catalogue
