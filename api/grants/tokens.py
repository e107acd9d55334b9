"""ListedTokens, as admins see them. docs/access.md."""

import logging
from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.deps import CallerDep, PartsDep, StoreDep
from api.errors import Problem, invalid, responses
from api.replies import json_of
from shared.access import Scope, Token, mint, shown_once
from shared.clock import utc_label
from shared.fields import NOT_A_BOOL, Moment
from shared.standards.units import DAY_S
from shared.store.access import tokens as stored
from shared.store.client import now_s

log = logging.getLogger("api.tokens")

router = APIRouter(prefix="/tokens", tags=["tokens"])

_STORE = ("no-store", "store-down", "busy")
_UNKNOWN = (
    "The store fell silent while that was done, so it may be done, or not. List the"
    " tokens once it is back."
)


class NewToken(BaseModel):
    """What a token may do, and for how long."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str = Field(
        description="For people, and for turns in the queue; one token has it at a"
        " time.",
        examples=["ci"],
        min_length=1,
        max_length=60,
        pattern=r"^[A-Za-z0-9][\w .:@+-]*$",
    )
    scopes: list[Scope] = Field(
        description="What it may do; `admin` is everything.",
        examples=[["run", "read"]],
        min_length=1,
        max_length=20,
    )
    expires_days: Annotated[float, Field(gt=0, le=36_500), NOT_A_BOOL] | None = Field(
        default=None, description="Null: never.", examples=[30]
    )


class ShownToken(BaseModel):
    """A token without its secret, which nobody has but its owner."""

    id: str = Field(description="What a token's text begins with, after `llmb_`.")
    name: str = Field(description="For people.")
    scopes: list[Scope] = Field(description="What it may do.")
    created_at: Moment = Field(description="When it was made.")
    expires_at: Moment | None = Field(description="Null: never.")
    made_by: str | None = Field(description="The id of the token that made it.")


class MadeToken(ShownToken):
    """A new token, with its text; that is shown once."""

    token: str = Field(description="Keep it; nobody can show it again.")


class ListedTokens(BaseModel):
    """All tokens."""

    tokens: list[ShownToken] = Field(description="The oldest first.")


@router.get(
    "",
    operation_id="list_tokens",
    summary="List tokens",
    response_model=ListedTokens,
    responses=responses("forbidden", *_STORE),
)
async def listing(parts: PartsDep, store: StoreDep) -> Response:
    """Without their secrets, which are not kept."""
    async with store.access.deadline():
        known = await stored.read(store.redis)
    found = sorted(known.tokens.values(), key=lambda token: token.created_at)
    return json_of(ListedTokens(tokens=[shown(each) for each in found]))


@router.post(
    "",
    operation_id="create_token",
    summary="Make a token",
    status_code=201,
    response_model=MadeToken,
    responses=responses(
        *("invalid", "unsupported-media-type", "forbidden", "name-taken"),
        *("outcome-unknown", *_STORE),
    ),
)
async def create(
    said: Annotated[NewToken, Body()],
    parts: PartsDep,
    store: StoreDep,
    caller: CallerDep,
) -> Response:
    """Its text is in this answer and nowhere else. With the first token the server is
    no longer open.

    A token makes none that could do more than itself, or longer.
    """
    async with store.access.deadline():
        known = await stored.read(store.redis)
        now = await now_s(store.redis)
    try:
        token, secret = mint(
            said.name,
            said.scopes,
            now=now,
            valid_s=None if said.expires_days is None else said.expires_days * DAY_S,
            made_by=caller.owner,
        )
    except ValidationError as error:
        raise invalid(
            (".".join(map(str, each["loc"])), each["msg"])
            for each in error.errors(include_input=False, include_url=False)
        ) from None
    if caller.token is not None:
        caller.token.check_can_make(token)
    if any(each.name == token.name for each in known.tokens.values()):
        raise Problem(
            "name-taken",
            f"A token is called {token.name} already. Revoke that one first, or choose"
            " another name.",
        )
    await store.access.write(
        store.redis, lambda: stored.put(store.redis, token), _UNKNOWN
    )
    await parts.tokens.read()
    log.info("token %s (%s) made by %s", token.id, token.name, caller.owner or "nobody")
    body = MadeToken(**shown(token).model_dump(), token=shown_once(token, secret))
    return json_of(body, 201, {"Cache-Control": "no-store"})


@router.delete(
    "/{token_id}",
    operation_id="revoke_token",
    summary="Revoke a token",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It opens nothing a second from now, wherever."},
        **responses("forbidden", "no-such-token", "outcome-unknown", *_STORE),
    },
)
async def revoke(
    token_id: Annotated[
        str, Path(description="Its id, or its name.", max_length=100, examples=["ci"])
    ],
    parts: PartsDep,
    store: StoreDep,
    caller: CallerDep,
) -> Response:
    """Answers that it is being given end where they are. Its benchmarks go on: cancel
    those that shall not."""
    async with store.access.deadline():
        known = await stored.read(store.redis)
    found = known.tokens.get(token_id) or next(
        (each for each in known.tokens.values() if each.name == token_id), None
    )
    if found is None:
        raise Problem("no-such-token", f"There is no token {token_id[:60]!r}.")
    await store.access.write(
        store.redis, lambda: stored.revoke(store.redis, found.id), _UNKNOWN
    )
    await parts.tokens.read()
    log.info("token %s revoked by %s", found.id, caller.owner or "nobody")
    return Response(status_code=204)


def shown(token: Token) -> ShownToken:
    """As it is listed."""
    until = token.expires_at
    return ShownToken(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        created_at=utc_label(token.created_at),
        expires_at=None if until is None else utc_label(until),
        made_by=token.made_by,
    )
