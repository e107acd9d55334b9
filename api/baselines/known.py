"""The baselines that are known, from the store and from the results folder."""

import asyncio

from api.deps import whole_id
from api.errors import Problem
from api.parts import Parts, Store
from shared import baselines
from shared.baselines import Baseline
from shared.errors import NoSuchRun
from shared.near import meant
from shared.settings import Settings
from shared.store import baselines as stored


async def known(store: Store, settings: Settings) -> dict[str, Baseline]:
    """Those whose benchmark is shown to who asks, by name; raises StoreDown."""
    found = await everybodys(store, settings)
    if not store.views.hides:
        return found
    async with store.access.deadline():
        return {
            name: each
            for name, each in found.items()
            if await store.views.shows(each.job_id)
        }


async def everybodys(store: Store, settings: Settings) -> dict[str, Baseline]:
    """All of them, by name; raises StoreDown."""
    async with store.access.deadline():
        told = await stored.known(store.redis)
    kept = await asyncio.to_thread(baselines.kept, settings.results_dir)
    return baselines.together(told, kept)


async def named(store: Store, settings: Settings, name: str) -> Baseline:
    """The one of this name; raises a Problem with those that are near."""
    found = await known(store, settings)
    if name not in found:
        near = meant(name[:64], [*found])
        raise Problem("no-such-baseline", f"There is no baseline {name[:64]!r}. {near}")
    return found[name]


async def run_of(parts: Parts, store: Store, said: str) -> str:
    """The id of the run that a baseline's name, an id or its beginning stands for; the
    name comes first."""
    found = {}
    if baselines.is_name(said):
        found = await known(store, parts.settings)
    if said in found:
        return found[said].job_id
    try:
        return await whole_id(said, parts)
    except (NoSuchRun, Problem) as error:
        if getattr(error, "kind", "no-such-run") != "no-such-run":
            raise
        if not baselines.is_name(said):
            raise
    raise Problem(
        "no-such-run",
        f"There is neither a baseline `{said}` nor a benchmark whose id begins so."
        f" Baselines: {', '.join(found) or 'none'}.",
    )


async def names_of(store: Store, settings: Settings, job_id: str) -> list[str]:
    """The names that a run has, whoever gave them."""
    found = await everybodys(store, settings)
    return [name for name, each in found.items() if each.job_id == job_id]
