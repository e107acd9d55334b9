"""A benchmark is shared for reading by a link that expires."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.access.credentials import LINK, refusal
from api.deps import CallerDep, JobId, PartsDep
from api.errors import Problem, responses
from api.replies import json_of
from api.tokens import signed
from api.tokens.signed import Ticket
from shared.access import Scope
from shared.clock import utc_label, wall_s
from shared.fields import NOT_A_BOOL, Moment

router = APIRouter(tags=["tokens"])


class NewSharedLink(BaseModel):
    """For how long a benchmark is shared, and how much of it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    hours: Annotated[float, Field(gt=0, le=24 * 90), NOT_A_BOOL] = Field(
        default=24 * 7, description="The link is good for so long.", examples=[168]
    )
    content: bool = Field(default=False, description="Show prompts and answers, too.")


class SharedLink(BaseModel):
    """A link to one benchmark."""

    path: str = Field(description="On this server; for a browser.")
    ticket: str = Field(description="The same as a bearer token, for programs.")
    expires_at: Moment = Field(
        description="Until then, and while the token that made it is good."
    )


@router.post(
    "/benchmark/{job_id}/share",
    operation_id="share_benchmark",
    summary="Share a benchmark for reading",
    status_code=201,
    response_model=SharedLink,
    responses=responses(
        *("no-such-run", "ambiguous-id", "wrong-state", "forbidden", "invalid"),
        *("no-store", "store-down", "busy"),
    ),
)
async def share(
    request: Request,
    job_id: JobId,
    parts: PartsDep,
    caller: CallerDep,
    said: Annotated[NewSharedLink | None, Body()] = None,
) -> Response:
    """Who has the link sees this benchmark and nothing else. Nothing is kept of it:
    revoking the token that made it ends it."""
    said = said or NewSharedLink()
    if caller.token is None:
        raise Problem(
            "wrong-state",
            "This server is open: whoever reaches it sees every benchmark without a"
            " link.",
        )
    if caller.only is not None or (said.content and not caller.may(Scope.CONTENT)):
        raise Problem(
            "forbidden", "A link shows no more than the token shows that makes it."
        )
    until = wall_s() + said.hours * 3600
    text = signed.ticket(
        await parts.tokens.signing_key(),
        Ticket(caller.token.id, job_id, said.content),
        until,
    )
    path = f"{request.scope.get('root_path', '')}/shared/{text}"
    return json_of(SharedLink(path=path, ticket=text, expires_at=utc_label(until)), 201)


@router.get("/shared/{ticket}", include_in_schema=False)
async def follow(
    request: Request,
    ticket: Annotated[str, Path(max_length=1000)],
    parts: PartsDep,
) -> Response:
    """To the benchmark; the link's ticket is a cookie from then on."""
    said = signed.ticket_of(await parts.tokens.signing_key(), ticket, wall_s())
    if said is None or await parts.tokens.good(said.token_id) is None:
        raise refusal("This link is over, or none of ours.")
    root = request.scope.get("root_path", "")
    answer = Response(None, 303, {"Location": f"{root}/runs/{said.job_id}"})
    # Lax: who follows it comes from another site, a mail perhaps. It only reads.
    answer.set_cookie(
        LINK,
        ticket,
        max_age=signed.MOST_LINK_S,
        path=root or "/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )
    return answer
