"""Whether the upstream's key is set and accepted, asked when a benchmark is posted.

Without this a run would be queued and claimed, and would fail minutes after its author
has left. A POST waits two seconds at most for it, and a key that was accepted once is
not asked about again.
"""

import asyncio

from api.parts import Parts
from shared.errors import MissingKey
from shared.upstream import Account

_KEY_S = 2.0


async def check_key(parts: Parts, *, dry_run: bool = False) -> list[str]:
    """Warnings; raises MissingKey where no call could succeed without a key. A dry run
    makes none, and is only warned.

    A key that the upstream refuses is a warning: it may be mended while the run waits.
    """
    settings = await parts.contact.meet()
    try:
        key = settings.require_key()
    except MissingKey as missing:
        if dry_run:
            return [str(missing)]
        raise
    catalogue = parts.catalogue
    if key is None:
        named = settings.speaks_openrouter or catalogue.wants_key
        return [_NONE.format(settings.openrouter_base_url)] if named else []
    if catalogue.wants_key:
        return [_REFUSED.format(settings.openrouter_base_url, "/models")]
    if not settings.speaks_openrouter or parts.account_page.accepted == key:
        return []
    try:
        async with asyncio.timeout(_KEY_S):
            said = await parts.account_page.read()
    except TimeoutError:
        return []
    if isinstance(said, Account) or not parts.account_page.refused:
        return []
    return [said]


_NONE = (
    "No OPENROUTER_API_KEY is set, and {} seems to want one: calls without it may all"
    " be refused. Put it into .env, and start again."
)
_REFUSED = (
    "{} does not accept the OPENROUTER_API_KEY that is set: its {} was refused. Put a"
    " valid one into .env, and start again."
)
