"""The wire and the dialect that an upstream's settings ask for."""

import httpx

from shared.answer.dialects import DIALECTS
from shared.answer.dialects.chat import Dialect
from shared.errors import Misconfigured
from shared.settings import Settings
from shared.wire import Caps, Deadlines, Wire, tls_context, transport


def wire_of(settings: Settings) -> Wire:
    """A wire with the settings' deadlines, proxy and authorities.

    Belongs to the running loop. Raises Misconfigured for a proxy or a CA file that
    cannot be used.
    """
    ca_file = settings.upstream_ca_file
    try:
        return Wire(
            deadlines=Deadlines(
                connect_s=settings.connect_timeout_s,
                first_token_s=settings.first_token_timeout_s,
                idle_s=settings.idle_timeout_s,
                total_s=settings.total_timeout_s,
            ),
            caps=Caps(),
            tls=tls_context(ca_file) if ca_file else None,
            proxy=settings.upstream_proxy,
            called=settings.called,
        )
    except OSError as error:
        raise Misconfigured(
            f"{settings.called.ca_file}={ca_file} cannot be used"
            f" ({error.strerror or error})."
            " It must be a PEM file of certificates."
        ) from None
    except ValueError as error:
        raise Misconfigured(f"{settings.called.proxy}: {error}") from None


def dialect_of(settings: Settings) -> Dialect:
    """How the upstream is spoken to."""
    return DIALECTS["openrouter" if settings.speaks_openrouter else "openai"]


def client_of(wire: Wire, settings: Settings, key: str | None) -> httpx.AsyncClient:
    """httpx over `wire` to the upstream, for whatever is no completion."""
    headers = dialect_of(settings).headers(key, settings)
    return transport.client(wire, settings.openrouter_base_url, headers)
