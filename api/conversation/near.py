"""What may have been meant where the upstream refuses a model that it does not list."""

import asyncio

from api.errors import Problem
from shared.errors import CatalogueDown
from shared.upstream import Catalogue, near_matches

LIST_S = 2.0
"""So long the list is waited for: what was refused is known already."""

_OF_MODELS = ("upstream-no-model", "upstream-refused")


async def with_near(refused: Problem, model: str, catalogue: Catalogue) -> Problem:
    """The problem, with models that are near where the reason may be the model's name;
    as it was where that is listed, or no list can be had."""
    if refused.kind not in _OF_MODELS:
        return refused
    try:
        async with asyncio.timeout(LIST_S):
            listed = await catalogue.models()
    except (CatalogueDown, TimeoutError):
        return refused
    if catalogue.knows(model):
        return refused
    near = near_matches(model, listed)
    if not near:
        return refused
    members = {**refused.members, "suggestions": list(near)}
    said = f"{refused.detail} Did you mean {' or '.join(near)}?"
    return Problem(refused.kind, said, headers=refused.headers, **members)
