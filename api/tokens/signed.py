"""What a browser holds: a session, or a link to one benchmark. Both are signed, name
the token behind them, and are good as long as it is."""

from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

SESSION_S = 12 * 3600
MOST_LINK_S = 90 * 86_400
LINK = "llmbl_"
"""What a link's ticket begins with, for secret scanners."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a shared link says."""

    token_id: str
    """Whose it is."""
    job_id: str
    content: bool
    """Whether it shows prompts and answers."""


def session(key: bytes, token_id: str) -> str:
    """The value of the cookie of who signed in."""
    return str(_of(key, "session").dumps(token_id))


def session_of(key: bytes, value: str) -> str | None:
    """The id of the token that signed in; None for what is forged, or too old."""
    try:
        said = _of(key, "session").loads(value, max_age=SESSION_S)
    except BadSignature:
        return None
    return said if isinstance(said, str) else None


def ticket(key: bytes, said: Ticket, until: float) -> str:
    """The text of a shared link; until: Unix seconds."""
    fields = [said.token_id, said.job_id, said.content, until]
    return LINK + str(_of(key, "link").dumps(fields))


def ticket_of(key: bytes, text: str, now: float) -> Ticket | None:
    """What a link says; None for what is forged, or over."""
    try:
        fields: Any = _of(key, "link").loads(
            text.removeprefix(LINK), max_age=MOST_LINK_S
        )
        token_id, job_id, content, until = fields
    except (BadSignature, ValueError, TypeError):
        return None
    return Ticket(token_id, job_id, content) if now < until else None


def _of(key: bytes, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"llmbench {salt}")
