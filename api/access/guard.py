"""The middleware that lets a request in, and ends its answer when its token is revoked.

It stands before bodies are read. Which scope a route needs is asked later, where it is
known which route that is (`rules`); what has no route at all is nobody's without a
token, either.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send

from api.access import credentials, hosts
from api.access.rules import CALLER, is_public
from api.errors import Problem, of_error
from api.tokens import LOOK_S, KnownTokens
from shared.access import Caller
from shared.errors import BenchError, StoreDown
from shared.settings import Settings
from shared.standards.http import EVERYWHERE

Asked = MutableMapping[str, Any]
"""What ASGI calls the scope of a request; here that word is a token's."""

Shown = Callable[[Request, Problem], Response | None]


class Guard:
    """Middleware: hosts, sites, tokens; and the headers of every answer.

    asks_for_a_page, shown: who is shown a page instead of a problem, and that page.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        asks_for_a_page: Callable[[Headers], bool],
        shown: Shown,
    ) -> None:
        self._app = app
        self._settings = settings
        self._asks_for_a_page = asks_for_a_page
        self._shown = shown

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        if asked["type"] != "http":
            return await self._app(asked, receive, send)
        send = _with_headers(send)
        known: KnownTokens = asked["app"].state.parts.tokens
        try:
            headers = Headers(scope=asked)
            hosts.check(
                asked["method"],
                headers,
                asked.get("http_version", "1.1"),
                self._settings.allowed_hosts,
            )
            caller = await self._let_in(known, asked, headers)
        except (Problem, BenchError) as error:
            problem = of_error(error) if isinstance(error, BenchError) else error
            return await self._refuse(problem, asked, receive, send)
        asked[CALLER] = caller
        if caller is None or caller.token is None:
            return await self._app(asked, receive, send)
        await self._while_good(known, caller, asked, receive, send)

    async def _let_in(
        self, known: KnownTokens, asked: Asked, headers: Headers
    ) -> Caller | None:
        """Who asks; None for nobody, who may ask this all the same."""
        public = is_public(asked)
        try:
            allow_open = self._settings.allow_open
            caller = await credentials.caller(known, asked, allow_open)
        except (Problem, StoreDown):
            if public:
                return None
            raise
        if caller is None and not public:
            raise credentials.refusal("This server answers nobody without a token.")
        return caller

    async def _refuse(
        self, problem: Problem, asked: Asked, receive: Receive, send: Send
    ) -> None:
        request = Request(asked)
        wants_page = asked["method"] in ("GET", "HEAD") and self._asks_for_a_page(
            request.headers
        )
        if problem.kind == "no-token" and wants_page:
            root = asked.get("root_path", "")
            here = asked["path"].removeprefix(root)
            query = asked.get("query_string", b"").decode("latin-1")
            back = quote(f"{here}?{query}" if query else here, safe="")
            answer = Response(None, 303, {"Location": f"{root}/sign-in?next={back}"})
        else:
            page = self._shown(request, problem) if wants_page else None
            answer = page or problem.response(asked["path"])
        await answer(asked, receive, send)

    async def _while_good(
        self,
        known: KnownTokens,
        caller: Caller,
        asked: Asked,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer, unless the token is revoked or expires meanwhile: then the answer
        ends where it is. What was sent to the store is done."""
        open_ended = False

        async def noted(message: Message) -> None:
            nonlocal open_ended
            if message["type"] == "http.response.start":
                open_ended = "content-length" not in Headers(raw=message["headers"])
            elif not message.get("more_body", False):
                open_ended = False
            await send(message)

        work = asyncio.ensure_future(self._app(asked, receive, noted))
        try:
            while not (await asyncio.wait((work,), timeout=LOOK_S))[0]:
                if not await _is_good(known, caller):
                    work.cancel()
                    await asyncio.wait((work,))
                    if open_ended:
                        end = {"type": "http.response.body", "body": b""}
                        await send({**end, "more_body": False})
                    return
            await work
        finally:
            if not work.done():  # the server cancels us
                work.cancel()
                await asyncio.wait((work,))


async def _is_good(known: KnownTokens, caller: Caller) -> bool:
    if caller.token is None:
        return True
    try:
        return await known.good(caller.token.id) is not None
    except StoreDown:  # nobody can have revoked it there
        return True


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in EVERYWHERE.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
