"""Who asks: a person's browser, or a program. Both may ask for the same address."""

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope


def asks_for_a_page(headers: Headers) -> bool:
    """Whether HTML is asked for by name, and liked no less than JSON.

    Browsers name it; what takes anything (`*/*`, as curl and `fetch` say) is a program
    and gets what it always got.
    """
    liked = _qualities(headers.get("accept", ""))
    html = liked.get("text/html", 0.0)
    return html > 0 and html >= liked.get("application/json", 0.0)


def _qualities(accept: str) -> dict[str, float]:
    found = {}
    for item in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for each in parameters:
            name, _, value = each.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        found[kind] = quality
    return found


class BrowserRouter(APIRouter):
    """Routes for browsers alone: for all others it is as if they were not there, so
    that the address may be one of the API's, too."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """None for who does not ask for a page."""
        if scope["type"] != "http" or not asks_for_a_page(Headers(scope=scope)):
            return Match.NONE, {}
        return super().matches(scope)
