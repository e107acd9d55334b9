"""Who is asked, and with which key, in words that hold no secret."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from shared.settings import DEFAULT
from shared.standards.http import PORTS

_PRINT_DIGITS = 4


def upstream_of(base_url: str) -> str:
    """The name of an upstream: its base URL, without what does not tell one from
    another (credentials, query, a usual port, the case of the host).

    >>> upstream_of("https://me:secret@Models.example:443/v1/?key=secret")
    'https://models.example/v1'
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    where = host if port in (None, PORTS.get(parts.scheme)) else f"{host}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def key_print(key: str | None, job_id: str, upstream: str = DEFAULT) -> str:
    """Tells whether two calls of one run to one upstream were made with the same key,
    and nothing else; an upstream that has a name stands before it.

    An HMAC under the run's id, so that runs cannot be compared; and so short that it
    confirms no guess, since one of 65,536 wrong keys has the same.
    """
    mac = hmac.new(job_id.encode(), (key or "").encode(), sha256)
    digits = mac.hexdigest()[:_PRINT_DIGITS]
    return digits if upstream == DEFAULT else f"{upstream} {digits}"
