"""Who asks: a key that is known, one that is not, one without credit."""

import hashlib

from starlette.datastructures import Headers

from simulator.bodies.refusals import REFUSALS, Refusal


class Refused(Exception):
    """The call ends here, with this error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def authorize(headers: Headers, *, needed: bool) -> str | None:
    """The first digits of the key's SHA-256; None without a key.

    Keys ending in `-bad` are unknown, those in `-poor` have no credit. Raises Refused.
    """
    key = headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not key and needed:
        raise Refused(REFUSALS["no-auth"])
    if key.endswith("-bad"):
        raise Refused(REFUSALS["bad-key"])
    if key.endswith("-poor"):
        raise Refused(REFUSALS["no-credit"])
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else None
