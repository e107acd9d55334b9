"""A token: what is kept of it, and the text that its owner has.

    llmb_K7Q2M9X4TB.pCk1...      prefix for secret scanners, id, 256 random bits

The store has the id and the SHA-256 of the secret. That is enough for a secret of 256
random bits, which nobody can try out; a slow hash is for passwords.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from shared.errors import NotAllowed
from shared.fields import Frozen

PREFIX = "llmb_"
_ID_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_LENGTH = 12
_TEXT = re.compile(rf"{PREFIX}([{_ID_LETTERS}]{{{_ID_LENGTH}}})\.([\w-]{{43}})", re.A)


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    """Benchmarks of its own: their states, figures and files without texts."""
    RUN = "run"
    """Begin what costs money: benchmarks, reruns, single questions; and steer them."""
    CANCEL = "cancel"
    """Cancel and purge benchmarks of its own."""
    CONTENT = "content"
    """Prompts and answers of its own benchmarks."""
    METRICS = "metrics"
    """GET /metrics."""
    ADMIN = "admin"
    """Everything, of everybody; tokens, and the audit."""


SCOPES = tuple(Scope)


class Token(Frozen):
    """What is kept of a token. Its secret is not."""

    id: str
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\w[\w .:@+-]*$")]
    scopes: frozenset[Scope]
    sha256: Annotated[str, Field(repr=False)]
    """Of the secret."""
    created_at: float
    """Unix seconds of the store's clock, as all times here."""
    expires_at: float | None = None
    made_by: str | None = None
    """The id of the token that made it; None: an open server, or the terminal."""

    def is_over(self, now: float) -> bool:
        """Whether its time is up."""
        return self.expires_at is not None and now >= self.expires_at

    def has_secret(self, secret: str) -> bool:
        """Whether this is its secret; takes as long whatever is wrong with it."""
        return hmac.compare_digest(_hash(secret), self.sha256)

    def check_can_make(self, other: "Token") -> None:
        """Raises NotAllowed for a token that could do more than this one, or longer."""
        if Scope.ADMIN not in self.scopes:
            raise NotAllowed(
                f"Only a token with the scope admin makes tokens, and {self.name} has"
                f" {', '.join(sorted(self.scopes))}."
            )
        if self.expires_at is not None and (
            other.expires_at is None or other.expires_at > self.expires_at
        ):
            raise NotAllowed(
                f"{self.name} expires before the token that it would make. Let that one"
                " expire no later."
            )


def mint(
    name: str,
    scopes: Iterable[Scope],
    *,
    now: float,
    valid_s: float | None = None,
    made_by: str | None = None,
) -> tuple[Token, str]:
    """A new token, and its secret. Raises ValueError (pydantic's) for a wrong field."""
    secret = secrets.token_urlsafe(32)
    token = Token(
        id="".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH)),
        name=name,
        scopes=frozenset(scopes),
        sha256=_hash(secret),
        created_at=now,
        expires_at=None if valid_s is None else now + valid_s,
        made_by=made_by,
    )
    return token, secret


def shown_once(token: Token, secret: str) -> str:
    """The text that its owner keeps."""
    return f"{PREFIX}{token.id}.{secret}"


def parted(text: str) -> tuple[str, str] | None:
    """Id and secret of a token's text; None for what is none.

    >>> parted("Bearer me") is None
    True
    """
    found = _TEXT.fullmatch(text)
    return None if found is None else (found[1], found[2])


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
