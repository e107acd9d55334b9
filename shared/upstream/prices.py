"""What a call to each target may cost: asked of the upstream, never guessed.

A model's row in the catalogue has the price of one provider. An unpinned call may be
served by any of them, so the dearest counts; a pinned one by its own alone.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from shared.errors import CatalogueDown
from shared.money import Price
from shared.plan import Target
from shared.settings import Settings
from shared.settings.upstreams import ANY_MODEL
from shared.upstream.catalogue import Catalogue
from shared.upstream.contact import Contacts

_MILLION = Decimal(1_000_000)


async def prices_of(
    targets: Sequence[Target], contacts: Contacts, at: Mapping[str, Settings]
) -> tuple[Price | None, ...]:
    """The price of each target: as its upstream lists it, or else as UPSTREAMS_FILE
    does; None where neither says (a router, a plain OpenAI-compatible server).

    at: the settings at each upstream of the targets. Raises CatalogueDown when an
    upstream does not answer, and its prices stand nowhere else.
    """
    found = []
    for target in targets:
        catalogue, settings = contacts.of(target.at).catalogue, at[target.at]
        written = _written(target, settings)
        try:
            await catalogue.models()
            listed = await _price(target, catalogue, settings)
        except CatalogueDown:
            if written is None:
                raise
            listed = None
        found.append(listed or written)
    return tuple(found)


def _written(target: Target, settings: Settings) -> Price | None:
    """As the table of the upstream says."""
    prices = settings.upstream_prices
    said = prices.get(target.model) or prices.get(ANY_MODEL)
    if said is None:
        return None
    return Price(said.prompt / _MILLION, said.completion / _MILLION, said.request)


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
