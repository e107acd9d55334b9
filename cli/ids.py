"""Ids as people type them: the beginning of one is enough where no other begins so."""

from cli.client import Api

WHOLE = 26
"""Characters of an id."""


async def whole(api: Api, said: str) -> str:
    """The id that begins so. Raises Refused, which names the ids that do, where they
    are several, and where there is none."""
    if len(said) == WHOLE:
        return said.upper()
    found = await api.job(said)
    return str(found["job_id"])
