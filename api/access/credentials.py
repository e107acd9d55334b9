"""Who a request comes from, by what it carries: a bearer token, or a cookie."""

from collections.abc import Mapping
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope as Asked

from api.errors import Problem
from api.tokens import KnownTokens, signed
from api.tokens.failures import MOST_A_MINUTE
from shared.access import Caller, Scope
from shared.clock import wall_s

SESSION, LINK = "llmbench_session", "llmbench_link"
"""Names of cookies."""

WHO = {"WWW-Authenticate": 'Bearer realm="llmbench"'}


async def caller(known: KnownTokens, asked: Asked, allow_open: bool) -> Caller | None:
    """Who asks; None for nobody that is known. Raises StoreDown, and a Problem for
    credentials that are not good, and where an open server is asked from elsewhere."""
    headers = Headers(scope=asked)
    said = headers.get("authorization")
    if known.is_open:
        if allow_open or is_near(asked):
            return await known.anybody()
        raise Problem(
            "closed",
            "No token was made for this server yet, so it answers this machine alone."
            " There: `llmbench token create --name me --scope admin`; or set"
            " ALLOW_OPEN=1 where everybody who reaches it may use it.",
        )
    if said is not None:
        kind, _, text = said.partition(" ")
        found = None
        if kind.lower() == "bearer":
            found = await _bearer(known, text.strip())
        if found is None:
            note_failure(known, asked)
            raise refusal("This token is not known, has expired, or was revoked.")
        return found
    return await _by_cookie(known, cookies_of(headers))


def note_failure(known: KnownTokens, asked: Asked) -> None:
    """Count a token that is not good; raises a Problem where they are too many."""
    if known.failures.note(asked):
        raise Problem(
            "too-many-failures",
            f"{MOST_A_MINUTE} tokens of your address were not good in this minute. Look"
            " at the one that you send; a good one is answered at once.",
            headers={"Retry-After": "60"},
        )


def refusal(sentence: str) -> Problem:
    """401, with how it is done."""
    return Problem(
        "no-token",
        f"{sentence} Send `Authorization: Bearer llmb_...`; whoever runs this server"
        " makes one with `llmbench token create`.",
        headers=WHO,
    )


def is_near(asked: Asked) -> bool:
    """Whether it comes from this machine. Behind a proxy that uvicorn trusts
    (FORWARDED_ALLOW_IPS) the client is whom that names."""
    client = asked.get("client")
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


def cookies_of(headers: Headers) -> Mapping[str, str]:
    """Those of ours and others; none where there are as many as no browser has."""
    said = "; ".join(headers.getlist("cookie"))
    return cookie_parser(said) if len(said) < 16_384 else {}


async def _bearer(known: KnownTokens, text: str) -> Caller | None:
    if text.startswith(signed.LINK):
        return await _linked(known, text)
    return await known.caller(text)


async def _by_cookie(known: KnownTokens, cookies: Mapping[str, str]) -> Caller | None:
    if value := cookies.get(SESSION):
        token_id = signed.session_of(await known.signing_key(), value)
        token = None if token_id is None else await known.good(token_id)
        if token is not None:
            return Caller(token.scopes, token)
    if value := cookies.get(LINK):
        return await _linked(known, value)
    return None


async def _linked(known: KnownTokens, text: str) -> Caller | None:
    """Who follows a link, which is good as long as the token that made it."""
    said = signed.ticket_of(await known.signing_key(), text, wall_s())
    token = None if said is None else await known.good(said.token_id)
    if said is None or token is None:
        return None
    shown = {Scope.READ} | ({Scope.CONTENT} if said.content else set())
    may = shown if Scope.ADMIN in token.scopes else shown & token.scopes
    return Caller(frozenset(may), token, said.job_id)
