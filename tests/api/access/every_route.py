"""Every route that the application has, as its routers tell."""

from collections.abc import Iterator
from typing import Any

from api.main import create_app
from shared.settings.settings import Settings


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of each."""
    for route in _walk(create_app(Settings()).routes):
        for method in sorted(route.methods):
            yield method, route.path


def _walk(found: Any) -> Iterator[Any]:
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from _walk(inner.routes)


ROUTES = sorted(set(routes()))
