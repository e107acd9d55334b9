"""Plain HTTP sent to a TLS port and the reverse, told by the bytes that come back."""

_SPOKEN_TO_TLS = (
    b"sent to HTTPS port",  # nginx, Cloudflare, Caddy's and others' copies of it
    b"HTTP request to an HTTPS server",  # Go
    b"speaking plain HTTP to an SSL-enabled",  # Apache
    b"requires TLS",  # Jetty, some gateways
)
_SEARCHED = 4096

WANTS_TLS = (
    "This port expects TLS and was spoken to in plain HTTP: write https:// in"
    " OPENROUTER_BASE_URL, or in the `base_url` of its table."
)
SPEAKS_HTTP = (
    "This port speaks plain HTTP and was spoken to in TLS: write http:// in"
    " OPENROUTER_BASE_URL, or in the `base_url` of its table."
)


def is_tls(data: bytes) -> bool:
    """Whether an answer to plain HTTP begins as a TLS alert or handshake does."""
    return data[:2] in (b"\x15\x03", b"\x16\x03")


def is_http(data: bytes) -> bool:
    """Whether an answer to a TLS handshake is plain HTTP, of whatever version."""
    return data[:5].upper() == b"HTTP/" or data[:1] == b"<"


def wants_tls(body: bytes) -> bool:
    """Whether the body of a 400 says that the port is for TLS."""
    return any(words in body[:_SEARCHED] for words in _SPOKEN_TO_TLS)
