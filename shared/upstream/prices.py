"""What a call to each target may cost: asked of the upstream, never guessed.

A model's row in the catalogue has the price of one provider. An unpinned call may be
served by any of them, so the dearest counts; a pinned one by its own alone.
"""

from collections.abc import Sequence

from shared.money import Price
from shared.plan import Target
from shared.settings import Settings
from shared.upstream.catalogue import Catalogue


async def prices_of(
    targets: Sequence[Target], catalogue: Catalogue, settings: Settings
) -> tuple[Price | None, ...]:
    """The price of each target; None where the upstream does not say (a router, a
    plain OpenAI-compatible server).

    Raises CatalogueDown when the upstream does not answer.
    """
    await catalogue.models()
    return tuple([await _price(target, catalogue, settings) for target in targets])


async def _price(
    target: Target, catalogue: Catalogue, settings: Settings
) -> Price | None:
    row = catalogue.find(target.model)
    if row is None or row.price is None:
        return None
    if row.price.free or not settings.speaks_openrouter:
        return row.price
    found = await catalogue.endpoints(row.id) or ()
    if target.provider is not None:
        found = tuple(one for one in found if one.is_pinned_by(target.provider))
    dearest = None if target.provider else row.price
    for endpoint in found:
        if endpoint.price is None:
            return None
        dearest = dearest.or_dearer(endpoint.price) if dearest else endpoint.price
    return dearest
