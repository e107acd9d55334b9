"""The plain dialect: anything that speaks OpenAI's chat completions.

Vendors, vLLM, SGLang, llama.cpp, gateways. There are no providers to pin and no
price in the answer; usage comes in a stream only when asked for.
"""

from shared.answer.dialects import chat
from shared.answer.refusal import Json, table
from shared.answer.reply import Ask, Chunk
from shared.errors import BadPlan
from shared.plan import Routing
from shared.settings import Settings

PATH = "/chat/completions"


def headers(key: str | None, settings: Settings) -> dict[str, str]:
    """The key, where there is one, and what the upstream's table adds."""
    return chat.headers(key) | settings.upstream_headers


def check(provider: str | None, routing: Routing | None = None) -> None:
    """Raises BadPlan: nothing here knows who serves a model."""
    if routing is not None:
        raise BadPlan(
            "`routing` is for OpenRouter's router, and this upstream is no OpenRouter."
            " Leave it out, or set UPSTREAM_KIND=openrouter if it is one."
        )
    if provider is not None:
        raise BadPlan(
            f"Provider {provider!r} cannot be pinned: this upstream is no OpenRouter."
            " Leave `provider` out, or set UPSTREAM_KIND=openrouter if it is one."
        )


def build(ask: Ask) -> bytes:
    """The body of the request; raises BadPlan for a pinned provider."""
    check(ask.provider, ask.routing)
    asked = ask.stream and ask.stream_options
    more: Json = {"stream_options": {"include_usage": True}} if asked else {}
    return chat.body(ask, more)


def read(event: Json) -> Chunk:
    """What one event, or a whole body, says.

    Cost and provider are read from any upstream, because gateways give them in the form
    of OpenRouter.
    """
    return chat.chunk(
        event,
        provider=chat.label(event.get("provider")),
        cost=table(event.get("usage")).get("cost"),
    )
