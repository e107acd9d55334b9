"""Whether the upstream's key is set and accepted, asked when a benchmark is posted.

Without this a run would be queued and claimed, and would fail minutes after its author
has left. A POST waits two seconds at most for it, and a key that was accepted once is
not asked about again.
"""

import asyncio

from api.parts import Parts
from shared.errors import MissingKey
from shared.opinion import upstreams_of
from shared.plan import Plan
from shared.upstream import Account

_KEY_S = 2.0


async def check_key(plan: Plan, parts: Parts, *, dry_run: bool = False) -> list[str]:
    """Warnings; raises MissingKey where no call of the plan to one of its upstreams
    could succeed without a key. A dry run makes none, and is only warned.

    A key that the upstream refuses is a warning: it may be mended while the run waits.
    """
    each = (_check(name, parts, dry_run=dry_run) for name in upstreams_of(plan))
    return [warning for found in await asyncio.gather(*each) for warning in found]


async def _check(upstream: str, parts: Parts, *, dry_run: bool) -> list[str]:
    contact = parts.contacts.of(upstream)
    settings = await contact.meet()
    try:
        key = settings.require_key()
    except MissingKey as missing:
        if dry_run:
            return [str(missing)]
        raise
    catalogue, called, url = (
        *(contact.catalogue, settings.called, settings.openrouter_base_url),
    )
    if key is None:
        named = settings.speaks_openrouter or catalogue.wants_key
        none = _NONE.format(key=called.key, url=url, place=called.key_place)
        return [none] if named else []
    if catalogue.wants_key:
        return [_REFUSED.format(key=called.key, url=url, place=called.key_place)]
    page = parts.account_page(upstream)
    if not settings.speaks_openrouter or page.accepted == key:
        return []
    try:
        async with asyncio.timeout(_KEY_S):
            said = await page.read()
    except TimeoutError:
        return []
    if isinstance(said, Account) or not page.refused:
        return []
    return [said]


_NONE = (
    "No {key} is set, and {url} seems to want one: calls without it may all be refused."
    " Put it into {place}, and start again."
)
_REFUSED = (
    "{url} does not accept the {key} that is set: its /models was refused. Put a valid"
    " one into {place}, and start again."
)
