"""`/compare` for people: runs or targets beside each other, against a baseline.

The comparison is the one that programs get at this address. What is drawn and ranked
comes of the page data of each run.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from api.baselines.known import run_of
from api.comparing.process import MOST_JOBS, compared
from api.deps import PartsDep, StoreDep
from api.download import ended
from api.errors import Problem
from api.page_data import PageData
from api.pages.ended.asked import Choices
from api.pages.ended.beside import of_comparison
from api.pages.ended.route import kept_pages
from api.pages.shell import BrowserRouter, page
from api.parts import Parts, Store
from api.schemas import Job
from shared.comparison import Comparison

router = BrowserRouter(include_in_schema=False)

_PATIENCE_S = 60.0
"""For page data that is made for the first time, run by run."""


@router.get("/compare")
async def show(
    request: Request,
    parts: PartsDep,
    store: StoreDep,
    job: Annotated[list[str] | None, Query(max_length=MOST_JOBS)] = None,
    against: Annotated[list[str] | None, Query(max_length=MOST_JOBS)] = None,
    control: Annotated[str | None, Query(max_length=400)] = None,
    anyway: bool = False,
    base: Annotated[str, Query(max_length=400)] = "",
    a: Annotated[int | None, Query(ge=0)] = None,
    b: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """What is to be compared is in the address, and so is the baseline."""
    if not job:
        return page(request, "compare.html", found=None)
    ids = [*dict.fromkeys([await run_of(parts, store, each) for each in job])]
    others = [await run_of(parts, store, each) for each in against or ()]
    ids += [each for each in others if each not in ids]
    folder = parts.settings.results_dir
    await asyncio.gather(*(ended(folder, store, each, "samples.csv") for each in ids))
    jobs, data = await runs_of(request, ids, parts, store)
    found = await comparison_of(
        ids, data, parts, anyway=anyway, against=others, control=control
    )
    context = of_comparison(found, jobs, data, base, Choices(a=a, b=b))
    links = {
        side.key: "/compare?"
        + urlencode(
            [
                *(("job", each) for each in ids if each not in others),
                *(("against", each) for each in others),
                *([("control", control)] if control else []),
                *([("anyway", "true")] if anyway else []),
                ("base", side.key),
            ]
        )
        for side in context["sides"]
    }
    return page(
        request, "compare.html", charts=True, links=links, offline=False, **context
    )


async def runs_of(
    request: Request, ids: Sequence[str], parts: Parts, store: Store
) -> tuple[list[Job], list[PageData]]:
    """Runs that have ended, with their page data. Raises Problem where that is being
    made for the first time, and not done soon."""
    async with store.access.deadline():
        jobs = [await store.views.job(each) for each in ids]
    kept = kept_pages(request, parts.settings)
    data = [await kept.whole(each, _PATIENCE_S) for each in ids]
    known = [each for each in data if each is not None]
    if len(known) < len(data):
        raise Problem(
            "not-ready",
            "The figures of these runs are being made, for the first time; ask again"
            " in some seconds.",
        )
    return jobs, known


async def comparison_of(
    ids: Sequence[str],
    data: Sequence[PageData],
    parts: Parts,
    *,
    anyway: bool,
    against: Sequence[str] = (),
    control: str | None = None,
) -> Comparison:
    """Of one run the comparison that is kept with it. Raises Problem.

    against: those of `ids` that are the other side.
    """
    if len(ids) == 1:
        if data[0].comparison is None:
            raise Problem("incomparable", data[0].why_not or "There is nothing to it.")
        return data[0].comparison
    folder, turn = parts.settings.results_dir, parts.comparing
    first = [each for each in ids if each not in against]
    said = await compared(
        folder, first, anyway=anyway, against=against, control=control, turn=turn
    )
    return Comparison.model_validate_json(said)
