"""Which is better, and is that real."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.baselines.known import run_of
from api.comparing.process import MOST_JOBS, compared
from api.deps import EXAMPLE, PartsDep, StoreDep
from api.download import ended
from api.errors import Problem, responses
from shared.comparison import Comparison

router = APIRouter(tags=["benchmarks"])


@router.get(
    "/compare",
    operation_id="compare_benchmarks",
    summary="Compare benchmarks",
    response_model=Comparison,
    responses=responses(
        *("invalid", "no-such-run", "ambiguous-id", "not-ready", "incomparable"),
        *("too-much", "newer-record", "unreadable", "no-store", "store-down", "busy"),
    ),
)
async def compare(
    parts: PartsDep,
    store: StoreDep,
    job: Annotated[
        list[str],
        Query(
            min_length=1,
            max_length=MOST_JOBS,
            description="One: its targets are compared. Two to eight: these benchmarks"
            " are. Ids, their beginnings, or names of baselines.",
            examples=[[EXAMPLE]],
        ),
    ],
    against: Annotated[
        list[str] | None,
        Query(
            max_length=MOST_JOBS,
            description="The runs of the other side. Then `job` are those of the first,"
            " three or more of each, and each run counts as one value.",
        ),
    ] = None,
    control: Annotated[
        str | None,
        Query(
            description="A target of all the benchmarks in `job`, which shows what the"
            " hour did: the differences are those from it."
        ),
    ] = None,
    anyway: Annotated[
        bool,
        Query(
            description="Also those that were asked for other work: docs/compare.md."
        ),
    ] = False,
) -> Response:
    """Every two in every metric: by how much, how sure, and in one sentence.

    Computed anew from the rows, so that benchmarks of earlier versions are compared by
    this one's method.
    """
    ids = [await run_of(parts, store, each) for each in (*job, *(against or ()))]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise Problem("incomparable", f"{twice} is named twice; name each once.")
    folder = parts.settings.results_dir
    await asyncio.gather(*(ended(folder, store, each, "samples.csv") for each in ids))
    turn = parts.comparing
    said = await compared(
        folder,
        ids[: len(job)],
        anyway=anyway,
        against=ids[len(job) :],
        control=control,
        turn=turn,
    )
    return Response(said, media_type="application/json")
