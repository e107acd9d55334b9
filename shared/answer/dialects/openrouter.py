"""OpenRouter's dialect: one provider can be pinned, cost and provider are told.

Usage always comes, asked for or not, so nothing is asked.
"""

from shared.answer.dialects import chat
from shared.answer.refusal import Json, table
from shared.answer.reply import Ask, Chunk
from shared.plan import Routing
from shared.settings import Settings

PATH = "/chat/completions"


def headers(key: str | None, settings: Settings) -> dict[str, str]:
    """The key, and who we are: OpenRouter attributes use by these two headers."""
    said = chat.headers(key) | {"X-OpenRouter-Title": settings.app_title}
    if settings.app_referer:
        said["HTTP-Referer"] = settings.app_referer
    return said | settings.upstream_headers


def check(provider: str | None, routing: Routing | None = None) -> None:
    """Any provider may be asked for; the upstream knows which there are."""


def build(ask: Ask) -> bytes:
    """The body of the request; a pinned provider is asked alone or not at all."""
    if ask.routing is not None:
        return chat.body(ask, {"provider": ask.routing.said()})
    if ask.provider is None:
        return chat.body(ask, {})
    pin = {"only": [ask.provider], "allow_fallbacks": False}
    return chat.body(ask, {"provider": pin})


def read(event: Json) -> Chunk:
    """What one event, or a whole body, says.

    Some bodies have the whole completion nested under `provider`, where its name
    should stand.
    """
    nested = event.get("provider")
    if isinstance(nested, dict) and not event.get("choices"):
        event = nested
    error = table(event.get("error"))
    provider = event.get("provider") or table(error.get("metadata")).get(
        "provider_name"
    )
    return chat.chunk(
        event,
        provider=chat.label(provider),
        cost=table(event.get("usage")).get("cost"),
    )
