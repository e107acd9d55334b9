"""The address of an upstream, as somebody has typed it: checked before anything is
asked, with what to write instead.

The wrong ones would not fail at once, or not by themselves: a doubled slash, a query or
the path of an endpoint gives a 404 for each call of a run, a user name and password
would be shown wherever the address is, and a missing scheme names no protocol.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from shared.settings.called import SETTINGS, Called
from shared.settings.credentials import Wrong

Dialect = Literal["openrouter", "openai"]

_VERSION = re.compile(r"/v\d+\w*$")
_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|responses|models|embeddings)$"
)
_IS_NEAR = re.compile(
    r"(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|\[|[^.]+(?::|/|$))"
)
"""Hosts that are asked without TLS, as a rule: only to propose a scheme."""
_IS_A_HOST = re.compile(
    r"(?:\[[0-9a-fA-F:]+\]|[\w-]+(?:\.[\w-]+)*)(?::\d{1,5})?(?:/|$)"
)
_NAMED = re.compile(r"[.:/]|localhost")


def checked(url: str) -> str:
    """The address without a slash at its end; raises Wrong with the right one.

    A word that is no address is not repeated: it may be a key in the wrong place.

    >>> checked("http://[::1]:8000/gateway/v1/")
    'http://[::1]:8000/gateway/v1'
    """
    text = url.strip()
    shown = re.split("[?#]", text)[0]
    if not text.isprintable() or " " in text:
        raise Wrong(
            "it holds a space or a control character.", "Take it out, or write %20."
        )
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in ("http", "https"):
        if "@" in text:
            raise _with_credentials()
        rest = rest or re.sub("^(?:https?:)?/*", "", text)
        likely = "http" if _IS_NEAR.match(rest) else "https"
        is_named = _IS_A_HOST.match(rest) and _NAMED.search(rest)
        remedy = "OpenRouter's is https://openrouter.ai/api/v1."
        if is_named:
            remedy = f"Write {_tidy(f'{likely}://{rest}')}."
        raise Wrong("it must begin with http:// or https://.", remedy)
    if "@" in rest.partition("/")[0]:
        raise _with_credentials()
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named:
        raise Wrong(
            "it names no host, or a port that is none.",
            "Write a host name, and a port if need be, after the //.",
        )
    if not parts.path.isascii():
        written = _tidy(text.replace(parts.path, quote(parts.path, safe="/%")))
        raise Wrong("its path holds letters that are not ASCII.", f"Write {written}.")
    tidy = _tidy(text)
    if shown != text:
        raise Wrong(
            "it is followed by a query or a fragment, which no call would keep.",
            f"Write {tidy}.",
        )
    if _ENDPOINT.search(parts.path.rstrip("/")):
        raise Wrong("it is one endpoint, and its base is asked.", f"Write {tidy}.")
    if "//" in parts.path.rstrip("/"):
        raise Wrong("it has an empty part in its path.", f"Write {tidy}.")
    return tidy


def with_version(url: str) -> str | None:
    """The address with `/v1` at its end; None where it names a version already.

    >>> with_version("http://127.0.0.1:8000"), with_version("https://a.test/api/v1")
    ('http://127.0.0.1:8000/v1', None)
    """
    return None if _VERSION.search(url) else f"{url}/v1"


def is_openrouters(url: str) -> bool:
    """Whether it is OpenRouter's own, of whatever region.

    >>> is_openrouters("https://eu.openrouter.ai/api/v1")
    True
    """
    return f".{urlsplit(url).hostname or ''}".endswith(".openrouter.ai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Who is asked, in which dialect, and how that is known."""

    base_url: str
    """Where calls go; with the `/v1` that was missing, where that was found."""
    dialect: Dialect
    decided_by: Literal["setting", "host", "models", "guess"]
    """`UPSTREAM_KIND`; OpenRouter's own host; the form of what `/models` lists; or,
    until that answers, the words of the address."""
    moved: bool = False
    """The address that was set answers no `/models`, and this one does."""

    def words(self, called: Called = SETTINGS) -> str:
        """What was decided, and why, in a sentence. called: where it is set."""
        asked = "OpenRouter" if self.dialect == "openrouter" else "plain OpenAI"
        why = {
            "setting": f"as {called.kind_field} says",
            "host": "which it is",
            "models": "since its /models "
            + ("has" if self.dialect == "openrouter" else "has no")
            + " prices per token in OpenRouter's form",
            "guess": "as its address sounds: it has not listed its models yet."
            f" {called.kind_field} would decide it",
        }[self.decided_by]
        return f"{self.base_url} is asked as {asked}, {why}."

    def warning(self, called: Called = SETTINGS) -> str | None:
        """What should be known by who relies on it; None: nothing."""
        said = [self.words(called)] if self.decided_by == "guess" else []
        if self.moved:
            said.append(
                f"{called.base_url} has no /models, but {self.base_url} has: that is"
                " asked. Write it so."
            )
        return " ".join(said) or None


def _with_credentials() -> Wrong:
    return Wrong(
        "it holds a user name or a password, which would be shown with every result.",
        "Leave that out, and put the key into OPENROUTER_API_KEY.",
    )


def _tidy(url: str) -> str:
    """Without what does not belong to a base."""
    parts = urlsplit(url)
    path = re.sub("//+", "/", parts.path).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{_ENDPOINT.sub('', path)}"
