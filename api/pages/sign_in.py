"""Signing in: a token becomes a session, which a script cannot read."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access.credentials import LINK, SESSION, note_failure
from api.deps import PartsDep
from api.pages.shell import page
from api.tokens import signed

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def form(request: Request, parts: PartsDep, next: str = "/") -> Response:
    """Where a token is given."""
    return _page(request, parts, _own(next))


@router.post("/sign-in")
async def sign_in(request: Request, parts: PartsDep) -> Response:
    """The session of a token, in a cookie that only this server reads."""
    async with request.form(max_files=0, max_fields=4) as said:
        text, back = (
            str(said.get("token", "")).strip(),
            _own(str(said.get("next", "/"))),
        )
    caller = await parts.tokens.caller(text) if not parts.tokens.is_open else None
    if caller is None or caller.token is None:
        note_failure(parts.tokens, request.scope)
        return _page(request, parts, back, wrong=True)
    value = signed.session(await parts.tokens.signing_key(), caller.token.id)
    answer = Response(None, 303, {"Location": _root(request) + back})
    answer.set_cookie(
        SESSION,
        value,
        max_age=signed.SESSION_S,
        path=_root(request) or "/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """The browser forgets its session, and a link that it followed."""
    answer = Response(None, 303, {"Location": f"{_root(request)}/sign-in"})
    for name in (SESSION, LINK):
        answer.delete_cookie(name, path=_root(request) or "/")
    return answer


def _page(
    request: Request, parts: PartsDep, back: str, *, wrong: bool = False
) -> Response:
    return page(
        request,
        "sign_in.html",
        status=401 if wrong else 200,
        back=back,
        wrong=wrong,
        is_open=parts.tokens.is_open,
    )


def _own(path: str) -> str:
    """A path of this server, whatever was asked for: no other site, no scheme."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_own and path.isprintable() and "\\" not in path else "/"


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
