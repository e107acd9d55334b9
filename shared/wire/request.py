"""What is sent: the origin to connect to and the bytes, built before the clock runs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.standards.http import PORTS, TOKEN

_TARGET = re.compile(r"/[!-~]*")  # visible ASCII: no space, no line end can slip in
_HOST = re.compile(r"[\w.~-]+|[0-9a-f:.]*:[0-9a-f:.]*(%[\w.~-]+)?", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "accept-encoding"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_WITHOUT_FRAMING = frozenset({"HEAD", "CONNECT"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections lead to; calls to one origin share a pool."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of an http or https URL; raises ValueError for any other.

        >>> Origin.of("https://OpenRouter.ai/api/v1")
        Origin(scheme='https', host='openrouter.ai', port=443)
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            # The text itself stays out: a URL may carry a password.
            raise ValueError(
                "a URL must begin with http:// or https:// and name a host"
            )
        if "@" in parts.netloc:
            raise ValueError(f"the URL of {parts.hostname} must not hold a user name")
        try:
            host = parts.hostname.encode("idna").decode("ascii").replace("%25", "%")
        except UnicodeError:
            host = ""
        if not _HOST.fullmatch(host):
            raise ValueError(f"{parts.hostname!r} is not a host name")
        if parts.port == 0:
            raise ValueError(f"port 0 of {host} is none; ports are 1 to 65535")
        return cls(parts.scheme, host, parts.port or PORTS[parts.scheme])

    @property
    def name(self) -> str:
        """The host without a zone (`fe80::1%eth0`), which is of this machine alone."""
        return self.host.partition("%")[0]

    @property
    def authority(self) -> str:
        """`name:port`, an IPv6 address in brackets."""
        name = f"[{self.name}]" if ":" in self.host else self.name
        return f"{name}:{self.port}"

    @property
    def host_header(self) -> str:
        """The authority, without the port where it is the scheme's own."""
        usual = self.port == PORTS[self.scheme]
        return self.authority.rpartition(":")[0] if usual else self.authority


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready for the socket; may be sent any number of times."""

    origin: Origin
    head_and_body: bytes


def request(
    method: str,
    url: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Request:
    """An HTTP/1.1 request with Host, Content-Length and `Accept-Encoding: identity`.

    Those three are not the caller's to set: a second Host or a wrong length would let
    one request pass for two. Raises ValueError for them, and for anything that could
    end a line early. The sentence names the header, never its value.
    """
    if not TOKEN.fullmatch(method) or method in _WITHOUT_FRAMING:
        raise ValueError(f"{method!r} requests are not spoken here; use GET or POST")
    origin = Origin.of(url)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _TARGET.fullmatch(target):
        raise ValueError("the path of a URL must be visible ASCII; percent-encode it")
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {origin.host_header}",
        "Accept-Encoding: identity",
    ]
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in pairs:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a header name")
        if name.lower() in _OURS:
            raise ValueError(f"the header {name} is set by the wire; leave it out")
        if _CONTROLS.search(value):
            raise ValueError(f"the header {name} holds a line end or control character")
        lines.append(f"{name}: {value}")
    if body or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return Request(origin, head.encode("utf-8") + body)
