"""A process's contact with its upstream: who that is, met once and then known.

OpenRouter is told by its own host, or by UPSTREAM_KIND. Any other address may be a
mirror of it or a plain server, and what it lists decides: prices per token in
OpenRouter's form. So cost, providers and the free limits hold wherever they apply.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from shared.answer.wording import Wording
from shared.clock import monotonic_s
from shared.errors import BadPlan, CatalogueDown, Misconfigured
from shared.near import meant
from shared.opinion import judge_targets
from shared.plan import Plan
from shared.settings import DEFAULT, Settings
from shared.settings.address import with_version
from shared.upstream.catalogue import RETRY_S, Catalogue
from shared.upstream.connect import client_of, wire_of
from shared.wire import Wire

log = logging.getLogger(__name__)

MEET_S = 3.0
"""An upstream that lists nothing by then is guessed by its address, and asked again
when it is needed again, some seconds later."""


class Contact:
    """The upstream of one process: a client with its key, its catalogue, and the
    settings as they follow from who it is."""

    def __init__(self, wire: Wire, settings: Settings) -> None:
        self.wire = wire
        self.settings = settings
        """As far as the upstream is known; after `meet` they do not change."""
        self.client = client_of(wire, settings, _key(settings))
        self.catalogue = Catalogue(
            self.client, settings.models_refresh_s, called=settings.called
        )
        self.wordings: dict[str, Wording] = {}
        """What this process has learnt of how models want to be asked."""
        self._again_s = float("-inf")
        # Not asked where nothing depends on the answer.
        self._met = (
            settings.upstream.decided_by != "guess"
            and with_version(settings.openrouter_base_url) is None
        )
        if self._met:
            log.info("%s", settings.upstream.words(settings.called))

    async def meet(self) -> Settings:
        """The settings, once it is known who the upstream is, or cannot be known now.

        Asks at most `MEET_S`, and not at all when it was met.
        """
        if self._met:
            return self.settings
        if self.catalogue.age_s is None and monotonic_s() >= self._again_s:
            with suppress(CatalogueDown, TimeoutError):
                async with asyncio.timeout(MEET_S):
                    await self.catalogue.models()
            self._again_s = monotonic_s() + RETRY_S
            self._learn()
        elif self.catalogue.age_s is not None:
            self._learn()
        return self.settings

    async def close(self) -> None:
        """Let go of it; the wire stays open."""
        await self.catalogue.close()
        await self.client.aclose()

    def _learn(self) -> None:
        """What follows from the catalogue, as far as that has come."""
        if self._met:
            return  # by another who waited for it
        found, listed = self.settings.upstream, self.catalogue
        self._met = listed.age_s is not None
        if self._met and found.decided_by == "guess":
            like = listed.like_openrouter
            found = replace(
                found,
                dialect="openrouter" if like else "openai",
                decided_by="models",
            )
        if listed.moved and not found.moved:
            # Also where it lists nothing to us, but for want of a key.
            whole = with_version(found.base_url) or found.base_url
            found = replace(found, base_url=whole, moved=True)
        self.settings = self.settings.with_upstream(found)
        called = self.settings.called
        warning = found.warning(called)
        if warning is not None:
            log.warning("%s", warning)
        elif self._met:
            log.info("%s", found.words(called))


def _key(settings: Settings) -> str | None:
    try:
        return settings.api_key()
    except Misconfigured as error:  # said again where a call needs it
        log.warning("%s", error)
        return None


class Contacts:
    """A contact for each upstream of the settings, made when it is first asked for:
    with its own wire, client, key and catalogue, so that nothing of one is ever sent to
    another.

    Belongs to the running loop. Raises Misconfigured for a default upstream whose proxy
    or CA file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        """settings: the process's own."""
        self._settings = settings
        self._made: dict[str, Contact] = {}
        self.default = self.of(DEFAULT)

    @property
    def names(self) -> tuple[str, ...]:
        """All upstreams, the default first."""
        return self._settings.upstream_names

    def of(self, name: str) -> Contact:
        """The contact with this upstream. Raises BadPlan where there is none of that
        name, and Misconfigured for a proxy or a CA file that cannot be used."""
        found = self._made.get(name)
        if found is None:
            if name not in self.names:
                raise BadPlan(no_such_upstream(name, self.names), "upstream")
            settings = self._settings.at(name)
            found = self._made[name] = Contact(wire_of(settings), settings)
        return found

    async def meet(self, names: Iterable[str]) -> dict[str, Settings]:
        """The settings at each of these, once it is known who it is, or cannot be known
        now."""
        return {name: await self.of(name).meet() for name in names}

    async def close(self) -> None:
        """End all of them, and their wires."""
        for contact in self._made.values():
            await contact.close()
            await contact.wire.aclose()


def check_upstreams(plan: Plan, names: Iterable[str]) -> None:
    """Raise BadPlan, which names the field, for an upstream that there is not."""
    known = tuple(names)
    for index, target in enumerate(plan.targets):
        if target.at not in known:
            field = f"targets[{index}].upstream"
            raise BadPlan(no_such_upstream(target.at, known), field)
    for judge in judge_targets(plan):
        if judge.at not in known:
            raise BadPlan(no_such_upstream(judge.at, known), "checks")


def no_such_upstream(name: str, known: Iterable[str]) -> str:
    """The sentence on a name that is not there."""
    return (
        f"There is no upstream `{name[:40]}` here: UPSTREAMS_FILE names them."
        f" {meant(name[:40], known)}"
    )
