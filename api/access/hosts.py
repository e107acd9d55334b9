"""Which names this server answers to, and from which pages it takes changes.

A page of another site can send requests to a server of this machine, and by DNS
rebinding it can even read the answers: then the Host header has the site's name. An
address, and a name without a dot, are nobody's to register, so these are always ours.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from api.errors import Problem

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def check(
    method: str, headers: Headers, version: str, allowed: Collection[str]
) -> None:
    """Raises a Problem for a request that is for another host, or from another site.

    version: of HTTP; 1.0 needs no Host.
    """
    hosts = headers.getlist("host")
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        raise Problem("malformed", "A request has one Host header. Send one.")
    host = hosts[0].strip().lower() if hosts else ""
    if hosts and not is_ours(host, allowed):
        raise Problem(
            "misdirected",
            f"This server does not answer to the name {host[:100]!r}. Ask it by its"
            " address, or name that in ALLOWED_HOSTS.",
        )
    if method not in _SAFE:
        _check_site(headers, host, allowed)


def is_ours(host: str, allowed: Collection[str]) -> bool:
    """Whether a Host header names this server.

    >>> is_ours("127.0.0.1:8000", ()), is_ours("evil.example", ())
    (True, False)
    """
    name = _name(host)
    if name is None:
        return False
    if "*" in allowed or name in allowed:
        return True
    if any(each.startswith("*.") and name.endswith(each[1:]) for each in allowed):
        return True
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return "." not in name and name.replace("-", "").replace("_", "").isalnum()
    return True


def _name(host: str) -> str | None:
    """Without its port; None for what is no host."""
    if "@" in host or "/" in host or "\\" in host or "?" in host or "#" in host:
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None


def _check_site(headers: Headers, host: str, allowed: Collection[str]) -> None:
    """A browser says from where a change comes; what is no browser says nothing."""
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin")
    ours = origin is None or _is_same(origin, host, allowed)
    if ours and (site in ("none", "same-origin") or origin is not None):
        return
    said = "another site" if origin is None else repr(origin[:100])
    raise Problem(
        "wrong-site",
        f"A page of {said} may change nothing here. Use the pages of this server; a"
        " name of its own that a proxy has belongs into ALLOWED_HOSTS.",
    )


def _is_same(origin: str, host: str, allowed: Collection[str]) -> bool:
    parts = urlsplit(origin.lower()) if origin.isascii() else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    return parts.netloc == host or (_name(parts.netloc) or "") in allowed
