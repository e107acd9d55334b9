"""The account behind our key: `GET /key` of the upstream, at most some seconds old."""

import asyncio

from shared.clock import monotonic_s, wall_s
from shared.settings import DEFAULT, Settings
from shared.upstream import Account, Contact, KeyRefused, client_of, read_account

KEPT_S = 5.0
"""Clients that poll `GET /account`, however many, cause one call in so long."""


class AccountPage:
    """`GET /key` of the upstream, kept for `KEPT_S`; a failure is kept as long."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact
        self._said: Account | str = ""
        self._asked_s = float("-inf")
        self.told_at: float | None = None
        """When the upstream last told the account, Unix seconds; None: never."""
        self._asking: asyncio.Task[None] | None = None
        self.accepted: str | None = None
        """The last key for which the upstream answered with an account."""

    async def read(self) -> Account | str:
        """The account, or the sentence of why it is not known.

        Callers that come while a call is under way wait for that one. Raises
        Misconfigured for a key file that cannot be read.
        """
        settings = await self._contact.meet()
        if not settings.speaks_openrouter:
            return (
                "The upstream's own figures are not known: a plain OpenAI-compatible"
                " server has no GET /key. If it is an OpenRouter, set"
                f" {settings.called.kind}."
            )
        key = settings.api_key()
        if key is None:
            return f"The upstream's own figures are not known: {_no_key(settings)}"
        if monotonic_s() - self._asked_s >= KEPT_S:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask(key))
            await asyncio.shield(self._asking)
        return self._said

    @property
    def refused(self) -> bool:
        """Whether the upstream last answered that it does not accept the key."""
        return isinstance(self._said, KeyRefused)

    async def close(self) -> None:
        """End a call that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, key: str) -> None:
        contact = self._contact
        async with client_of(contact.wire, contact.settings, key) as client:
            self._said = await read_account(client, contact.settings.called)
        self._asked_s = monotonic_s()
        if isinstance(self._said, Account):
            self.told_at, self.accepted = wall_s(), key


def _no_key(settings: Settings) -> str:
    if settings.upstream_name != DEFAULT:
        return f"no key is set. Set {settings.called.key}, then start again."
    return (
        "no key is set. Put OPENROUTER_API_KEY=... into .env (or"
        " OPENROUTER_API_KEY_FILE), then start again."
    )
