"""What is wrong with a key, or with an address that may hold a password.

Every sentence here is shown at the start and may be copied into a report, so none holds
a character of the value. For the same reason the standard library's own errors are not
passed on: `urlsplit("redis://:pass/word@host").port` quotes half of the password.
"""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

MOST_KEY_BYTES = 4096

_QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_VISIBLE = re.compile(r"[!-~]+")
_STORES = ("redis://", "rediss://", "unix://")
_ENCODE = "In a password, write / ? # [ ] @ % as %2F %3F %23 %5B %5D %40 %25."


class Wrong(ValueError):
    """What is wrong with a value, and what to do about it, without the value itself.

    A ValueError, so that pydantic takes it from a validator.
    """

    def __init__(self, sentence: str, remedy: str, *, setting: str = "") -> None:
        """setting: its name, where that does not follow from the field."""
        super().__init__(f"{sentence} {remedy}")
        self.setting = setting
        self.sentence = sentence
        self.remedy = remedy


def check_key(key: str) -> None:
    """Raise Wrong for a text that no header can carry, or that is more than a key."""
    if key.upper().startswith(("OPENROUTER_API_KEY", "EXPORT ")):
        raise Wrong(
            "it begins with the name of the variable.", "Give what stands after the =."
        )
    if key[:1] in _QUOTES or key[-1:] in _QUOTES:
        raise Wrong("it begins or ends with a quotation mark.", "Leave the marks out.")
    if re.match(r"(?i)(authorization|bearer)\b[:\s]", key):
        raise Wrong("it begins with `Bearer`.", "Give what stands after that word.")
    if "\n" in key or "\r" in key:
        raise Wrong("it has more than one line.", "Give the key alone, on one line.")
    if not key.isascii():
        raise Wrong(
            "it holds a character outside ASCII, as text that was copied from a page"
            " or a letter may.",
            "Copy it anew from where it was made.",
        )
    if not _VISIBLE.fullmatch(key):
        raise Wrong("it holds a space or a control character.", "Give the key alone.")
    if len(key) > MOST_KEY_BYTES:
        raise Wrong(
            f"it has {len(key)} characters, and no key has more than {MOST_KEY_BYTES}.",
            "Give the key alone.",
        )


def check_header(text: str) -> None:
    """Raise Wrong for a text that cannot be the value of an HTTP header."""
    if not text.isascii() or not text.isprintable():
        raise Wrong(
            "it is sent as a header of each call, which holds visible ASCII alone.",
            "Write it with Latin letters, on one line.",
        )


def check_proxy(url: str) -> None:
    """Raise Wrong for what cannot be a proxy of ours."""
    form = "Write http://host:port, or user:password@ before the host."
    if not url.startswith("http://"):
        raise Wrong("it must begin with http://.", form)
    _check_parts(url, f"{form} {_ENCODE}")


def check_store(url: str) -> None:
    """Raise Wrong for what cannot be the address of a store."""
    form = "Write redis://host:port/number; user:password@ may stand before host."
    if not url.startswith(_STORES):
        raise Wrong("it must begin with redis://, rediss:// or unix://.", form)
    if url.startswith("unix://"):
        _check_socket(url)
        database = ""
    else:
        _check_parts(url, f"{form} {_ENCODE}")
        database = urlsplit(url).path.strip("/")
    for number in (database, *parse_qs(urlsplit(url).query).get("db", ())):
        if number and not (number.isascii() and number.isdigit()):
            raise Wrong("the database after the host must be a number.", form)


def _check_socket(url: str) -> None:
    parts = _split(url)
    # without an @ before the path, what stands there is half of a password
    stray = parts is None or (parts.netloc and "@" not in parts.netloc)
    if parts is None or stray or parts.path in ("", "/"):
        raise Wrong(
            "it names no socket.",
            f"Write unix:///path/of/the/socket. {_ENCODE}",
        )


def _check_parts(url: str, remedy: str) -> None:
    """Raise Wrong unless `url` has a host, a possible port and no stray characters."""
    parts = _split(url)
    if parts is None or not _VISIBLE.fullmatch(url):
        raise Wrong("its host or port cannot be understood.", remedy)
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise Wrong("an @ stands after the host.", remedy)
    if not parts.hostname:
        raise Wrong("it names no host.", remedy)


def _split(url: str) -> SplitResult | None:
    """The parts of an address, None where it has none. The library's error would quote
    what it could not read."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None


def passwords(url: str | None) -> tuple[str, ...]:
    """What of an address is secret, as it stands there and as it is sent."""
    parts = _split(url or "")
    if parts is None:
        return ()
    secret = parts.password or parts.username or ""  # a token may stand alone
    return tuple({secret, unquote(secret)} - {""})


def without_credentials(url: str) -> str:
    """The address for people: scheme, host and port or socket, and database.

    >>> without_credentials("redis://ann:secret@store:6379/2")
    'redis://store:6379/2'
    """
    parts = _split(url)
    if parts is None:
        return "(an address that cannot be read)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
