"""How wrong the measurements of a worker's machine are, measured there and now."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.deps import EXAMPLE, StoreDep
from api.errors import Problem, responses
from shared.clock import utc_label
from shared.fields import Moment
from shared.run import is_job_id
from shared.store import selftests
from shared.store.selftests import SelfTestRun, State
from shared.verdict.selftest import MOST_SIZES, MOST_STREAMS, STREAMS, SelfTest

router = APIRouter(prefix="/selftest", tags=["health"])


class SelfTestJob(BaseModel):
    """A self-test that was asked for."""

    id: str = Field(description="Its id.", examples=[EXAMPLE])
    state: State = Field(description="`done` also when it was not passed.")
    streams: list[int] = Field(
        description="Open at once, case by case.", examples=[list(STREAMS)]
    )
    asked_at: Moment = Field(description="When it was asked for.")
    worker: str | None = Field(description="Null while it waits for one.")
    result: SelfTest | None = Field(description="Null unless it is done.")
    error: str | None = Field(description="Why it failed; null otherwise.")


_SIZES = list(STREAMS)
_LOCATION = {"headers": {"Location": {"schema": {"type": "string"}}}}


@router.post(
    "",
    operation_id="create_selftest",
    summary="Measure the measurer",
    status_code=202,
    responses={
        202: _LOCATION,
        **responses("invalid", "no-store", "store-down", "busy", "outcome-unknown"),
    },
)
async def ask(
    response: Response,
    store: StoreDep,
    streams: Annotated[
        list[Annotated[int, Query(ge=1, le=MOST_STREAMS)]],
        Query(
            max_length=MOST_SIZES,
            description="Streams open at once; repeat it for more cases.",
        ),
    ] = _SIZES,
) -> SelfTestJob:
    """A worker without other work runs it against a simulator of its own, for most of a
    minute, and takes no benchmark meanwhile. Where a self-test waits already, that one
    is returned.
    """
    asked = await store.access.write(
        store.redis,
        lambda: selftests.ask(store.redis, tuple(streams)),
        "The store fell silent while the self-test was asked for. Ask again: where one"
        " waits already, it is given.",
    )
    response.headers["Location"] = f"/selftest/{asked.id}"
    return _job(asked)


@router.get(
    "/{test_id}",
    operation_id="get_selftest",
    summary="Show a self-test",
    responses=responses("not-found", "no-store", "store-down", "busy"),
)
async def show(
    test_id: Annotated[
        str, Path(description="What POST /selftest answered with.", examples=[EXAMPLE])
    ],
    store: StoreDep,
) -> SelfTestJob:
    """Measured minus true for each number of streams, and the verdict beside it."""
    asked = None
    if is_job_id(test_id):
        async with store.access.deadline():
            asked = await selftests.load(store.redis, test_id)
    if asked is None:
        raise Problem(
            "not-found",
            f"There is no self-test {test_id[:40]!r}; each is kept for a day.",
        )
    return _job(asked)


def _job(asked: SelfTestRun) -> SelfTestJob:
    return SelfTestJob(
        id=asked.id,
        state=asked.state,
        streams=list(asked.streams),
        asked_at=utc_label(asked.asked_at),
        worker=asked.worker,
        result=asked.result,
        error=asked.error,
    )
