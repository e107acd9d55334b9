"""One provider of a model, as `GET /models/{author}/{slug}/endpoints` lists it."""

from dataclasses import dataclass
from typing import Any

from shared.answer.refusal import table
from shared.money import Price
from shared.upstream.model import price_of


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who runs the model, and at which price."""

    provider: str
    """The name that people see."""
    tag: str
    """What pins it: `deepinfra/fp8`, of which `deepinfra` alone is the provider."""
    price: Price | None
    """Conditions at their dearest; None where a part of it is unknown."""

    def is_pinned_by(self, pin: str) -> bool:
        """Whether a call that is pinned so may be served here.

        >>> Endpoint("DeepInfra", "deepinfra/fp8", None).is_pinned_by("deepinfra")
        True
        """
        wanted, tag = pin.lower(), self.tag.lower()
        return wanted in (tag, tag.partition("/")[0], self.provider.lower())


def endpoints_of(document: Any) -> tuple[Endpoint, ...]:
    """The endpoints in a parsed body; what cannot be understood is left out."""
    rows = table(table(document).get("data")).get("endpoints")
    found = []
    for row in map(table, rows if isinstance(rows, list) else []):
        provider, tag = row.get("provider_name"), row.get("tag")
        named = isinstance(provider, str), isinstance(tag, str)
        if any(named):
            price = price_of(table(row.get("pricing")))
            found.append(Endpoint(str(provider or tag), str(tag or provider), price))
    return tuple(found)
