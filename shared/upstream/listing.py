"""`GET /models` of an upstream: all pages, wherever below its address they are."""

from dataclasses import dataclass
from typing import Any

import httpx
from pydantic_core import from_json

from shared.answer import refusal as complaint
from shared.answer.refusal import table
from shared.settings.address import with_version
from shared.upstream.model import Model, like_openrouter, models_of

MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class ListedModels:
    """What was listed, and where."""

    models: tuple[Model, ...]
    like_openrouter: bool
    """Its prices have OpenRouter's form."""


class NoListing(ValueError):
    """The upstream answered, and with no listing."""

    def __init__(self, response: httpx.Response) -> None:
        said = complaint.said(response.content)
        super().__init__(f"status {response.status_code}, {said}")
        self.status = response.status_code


async def read_listing(client: httpx.AsyncClient, *, anywhere: bool) -> ListedModels:
    """Every page; one, unless the upstream says there are more.

    anywhere: look below `/v1` too, where the address names no version and lists
    nothing; where that has it, it is the client's address from then on.
    Raises NoListing, ValueError for what is no listing, and httpx's errors.
    """
    response = await _first_page(client, anywhere=anywhere)
    models: dict[str, Model] = {}
    like = False
    for page in range(1, MAX_PAGES + 1):
        if response.status_code != 200:
            raise NoListing(response)
        document = from_json(response.content)
        models |= {m.id: m for m in models_of(document)}
        like = like or like_openrouter(document)
        following = _next(document)
        if following is None or page == MAX_PAGES:
            break
        url = response.url.join(following)
        if _origin(url) != _origin(response.url):
            # The client carries a key, which is for this origin alone.
            raise ValueError(f"the next page is at another host, {url.host}")
        response = await client.get(url)
    return ListedModels(tuple(models.values()), like)


async def _first_page(client: httpx.AsyncClient, *, anywhere: bool) -> httpx.Response:
    response = await client.get("models")
    other = with_version(str(client.base_url).rstrip("/"))
    if not anywhere or other is None or not _lists_nothing(response):
        return response
    found = await client.get("v1/models")
    if _lists_nothing(found) and found.status_code not in (401, 403):
        return response
    client.base_url = httpx.URL(other)
    return found


def _lists_nothing(response: httpx.Response) -> bool:
    """Whether there is no listing at this address, rather than none just now."""
    if response.status_code != 200:
        return response.status_code in (301, 302, 307, 308, 404, 405)
    try:
        models_of(from_json(response.content))
    except ValueError:
        return True
    return False


def _next(document: Any) -> str | None:
    """`links.next`, a path; None on the last page and where nothing is paged."""
    following = table(table(document).get("links")).get("next")
    return following if isinstance(following, str) and following else None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
