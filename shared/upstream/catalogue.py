"""Which models an upstream has: chosen, looked up, and kept fresh.

The listing changes weekly, so it is loaded again by age. A load that fails is no reason
to stop: the last listing is served while the upstream is away, with its age beside it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal

import httpx
from pydantic_core import from_json

from shared import clock
from shared.answer import refusal as complaint
from shared.errors import CatalogueDown
from shared.plan.model_id import in_path
from shared.settings.called import SETTINGS, Called
from shared.upstream.endpoint import Endpoint, endpoints_of
from shared.upstream.listing import NoListing, read_listing
from shared.upstream.model import (
    Model,
    expired,
    fits,
    is_free_text,
    is_text,
    least_tokens,
    parse_models,
    prices,
)

__all__ = [
    "Catalogue",
    "Model",
    "base_id",
    "fits",
    "is_free_text",
    "least_tokens",
    "near_matches",
    "parse_models",
    "prices",
    "select",
]

LOAD_TIMEOUT_S = 30.0
RETRY_S = 15.0
"""While the upstream is away it is asked for the listing at most this often."""

_CHECK_ADDRESS = "Check {called.base_url} and the network, then try again."
_REMEDIES: dict[int | None, str] = {
    401: "Put a valid key into {called.key}, and start again.",
    403: "Look at what the key in {called.key} may do.",
    404: "Check {called.base_url}: it is what stands before `/models`, and mostly"
    " ends with /v1.",
}

_ROUTING = frozenset({"exacto", "floor", "nitro", "online"})

_log = logging.getLogger(__name__)


def select(
    models: Iterable[Model],
    which: Literal["free", "all"],
    deny: Iterable[str],
    today: date,
) -> tuple[Model, ...]:
    """The models to offer, in the upstream's order.

    `free`: free text models whose ids match none of the patterns of `deny`; a server
    that lists no prices at all has nothing to choose by, so there it means `all`.
    `all`: text models, paid ones too. Routers are never offered, but may be asked for.
    `today` is the date in UTC.
    """
    rows = tuple(models)
    if which == "all" or not any(m.listed_usd or m.router for m in rows):
        return tuple(m for m in rows if is_text(m) and not expired(m, today))
    patterns = [pattern.lower() for pattern in deny]
    return tuple(
        m
        for m in rows
        if is_free_text(m, today)
        and not any(fnmatchcase(m.id.lower(), pattern) for pattern in patterns)
    )


def base_id(model: str) -> str:
    """The listed id under a routing suffix: `a/b:free:nitro` is `a/b:free`.

    `:free`, `:thinking` and the like stay: they name another row, at another price.
    """
    name, colon, suffix = model.rpartition(":")
    return base_id(name) if colon and suffix in _ROUTING else model


def near_matches(model: str, models: Iterable[Model], most: int = 3) -> tuple[str, ...]:
    """Up to `most` listed ids that may have been meant, the nearest first.

    First ids that hold what was typed, then those that resemble it, with or without
    their author.
    """
    typed = model.lower().strip()
    ids = {m.id.lower(): m.id for m in models}
    slugs = {lower.rpartition("/")[2]: lower for lower in ids}
    found = sorted((i for i in ids if typed and typed in i), key=len)
    found += get_close_matches(typed, ids, most, 0.6)
    near_slugs = get_close_matches(typed.rpartition("/")[2], slugs, most, 0.7)
    found += [slugs[slug] for slug in near_slugs]
    return tuple(ids[i] for i in dict.fromkeys(found))[:most]


class Catalogue:
    """An upstream's models, loaded when first asked for and refreshed by age."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        refresh_s: float,
        now_s: Callable[[], float] = clock.monotonic_s,
        called: Called = SETTINGS,
    ) -> None:
        """`client` has the upstream's base URL; `now_s` is a monotonic clock; `called`
        is what to change where that is wrong."""
        self._called = called
        self._client = client
        self._refresh_s = refresh_s
        self._now_s = now_s
        self._models: tuple[Model, ...] = ()
        self._index: dict[str, Model] = {}
        self._loaded_s: float | None = None
        self._tried_s: float | None = None
        self._down: CatalogueDown | None = None
        self._refresh: asyncio.Task[None] | None = None
        self.like_openrouter = False
        """Whether the listing has prices in OpenRouter's form."""
        self._typed = self.base_url
        self.wants_key = False
        """Whether the last question for it was refused for want of a valid key."""

    @property
    def base_url(self) -> str:
        """Where the models are listed: with the `/v1` that was missing, if it was."""
        return str(self._client.base_url).rstrip("/")

    @property
    def moved(self) -> bool:
        """Whether `/v1` was found to be missing."""
        return self.base_url != self._typed

    @property
    def age_s(self) -> float | None:
        """Seconds since the listing was loaded; None before the first."""
        return None if self._loaded_s is None else self._now_s() - self._loaded_s

    @property
    def stale(self) -> bool:
        """Whether the last attempt failed, so that an older listing is served."""
        return self._down is not None

    async def models(self) -> tuple[Model, ...]:
        """All rows. Waits only for the first listing; later ones load behind it.

        Raises CatalogueDown when there is none to serve.
        """
        if self._loaded_s is None:
            await self.load()
        elif self._due():
            self._begin()
        return self._models

    async def load(self) -> None:
        """Load now, or wait for the load under way; raises CatalogueDown.

        A cancelled caller leaves the load to the others who wait for it.
        """
        await asyncio.shield(self._begin())
        if self._down is not None:
            raise self._down

    def find(self, model: str) -> Model | None:
        """The row behind `model`, routing suffixes aside; None when it is not listed.

        A dated slug is the paid row, also where a free one shares it.
        """
        return self._index.get(model) or self._index.get(base_id(model))

    def knows(self, model: str) -> bool:
        """Whether the upstream can be asked for `model`, as far as one can tell.

        Aliases (`~vendor/family-latest`) and routers pass, listed or not.
        """
        return model.startswith(("~", "openrouter/")) or self.find(model) is not None

    async def endpoints(self, model: str) -> tuple[Endpoint, ...] | None:
        """Who runs the model, and at which price; None where the upstream does not know
        it, or tells that of none.

        Raises CatalogueDown when it does not answer.
        """
        path = in_path(base_id(model))
        if path is None:
            return None
        try:
            async with asyncio.timeout(LOAD_TIMEOUT_S):
                answer = await self._client.get(f"models/{path}/endpoints")
            if answer.status_code in (404, 405, 501):
                return None
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            return endpoints_of(from_json(answer.content))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            why = complaint.safe(str(error) or type(error).__name__)
            raise CatalogueDown(
                f"{self.base_url} did not say who runs {model} ({why}). Try again."
            ) from None

    async def close(self) -> None:
        """End a load that is under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.gather(self._refresh, return_exceptions=True)

    def _due(self) -> bool:
        wait_s = RETRY_S if self._down else self._refresh_s
        return self._tried_s is None or self._now_s() - self._tried_s >= wait_s

    def _begin(self) -> asyncio.Task[None]:
        """The load under way, or a new one: never two at a time."""
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._load())
        return self._refresh

    async def _load(self) -> None:
        """Replace the listing, or remember in `_down` why it could not be."""
        self._tried_s = self._now_s()
        try:
            async with asyncio.timeout(LOAD_TIMEOUT_S):
                found = await read_listing(
                    self._client, anywhere=self._loaded_s is None
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            why = complaint.safe(str(error) or type(error).__name__)
            status = error.status if isinstance(error, NoListing) else None
            self.wants_key = status in (401, 403)
            remedy = _REMEDIES.get(status, _CHECK_ADDRESS).format(called=self._called)
            self._down = CatalogueDown(
                f"{self.base_url} gave no list of models ({why}). {remedy}"
            )
            _log.warning("%s", self._down)
            return
        models = self._models = found.models
        self.like_openrouter = found.like_openrouter
        # The last one wins: ids over dated slugs, and of those the paid row's.
        self._index = {m.canonical_slug or m.id: m for m in models if m.free}
        self._index |= {m.canonical_slug or m.id: m for m in models if not m.free}
        self._index |= {m.id: m for m in models}
        self._loaded_s = self._now_s()
        self._down, self.wants_key = None, False
