"""What the terminal asks of the API over HTTP."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic_core import from_json

from shared.clock import monotonic_s, sleep
from shared.errors import BenchError

ENDED = frozenset({"done", "cancelled", "failed"})
LOOK_S = 0.25
AGAIN_S = 1.0
PATIENCE_S = 300.0
"""A followed job outlives an API that is away for so long; a restart takes seconds."""

_AWAY = (502, 503, 504)
_PAGE = 100
_JSON = {"Content-Type": "application/json"}

Job = dict[str, Any]
Account = dict[str, Any]


class Refused(BenchError):
    """The API answered with a problem, or not at all."""

    def __init__(self, sentence: str, kind: str = "", status: int = 0) -> None:
        super().__init__(sentence)
        self.kind = kind
        """The last part of the problem's type: `no-such-run`; "" without one."""
        self.status = status
        """Of HTTP; 0 without an answer."""


class Away(Refused):
    """It did not answer, or said that it cannot just now."""


class Api:
    """The API at `url`. `async with` it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # Of this machine or its network: a proxy in the environment is not for it.
        self._http = httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=60)

    @property
    def url(self) -> str:
        """Where it is asked."""
        return self._url

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def submit(self, name: str, prompts: bytes, fields: dict[str, Any]) -> Job:
        """Queue a benchmark of a prompt file; its job_id and addresses."""
        files = {"prompt_file": (name, prompts, "text/plain")}
        return await self._ask("POST", "/benchmark", data=fields, files=files)

    async def quote(self, name: str, prompts: bytes, fields: dict[str, Any]) -> Job:
        """What that benchmark would cost and take; nothing is queued."""
        files = {"prompt_file": (name, prompts, "text/plain")}
        path = "/benchmark?dry_run=true"
        return await self._ask("POST", path, data=fields, files=files)

    async def submit_plan(self, plan: bytes) -> Job:
        """Queue a benchmark of a plan as JSON; its job_id and addresses."""
        return await self._ask("POST", "/benchmark", content=plan, headers=_JSON)

    async def quote_plan(self, plan: bytes) -> Job:
        """What that benchmark would cost and take; nothing is queued."""
        path = "/benchmark?dry_run=true"
        return await self._ask("POST", path, content=plan, headers=_JSON)

    async def generate(self, question: Job) -> AsyncIterator[str | Job]:
        """Texts as they come, at last the whole answer. Raises Refused."""
        patience = httpx.Timeout(60, read=None)  # the server has the deadlines
        request = self._http.build_request(
            "POST", "/generate", json=question, timeout=patience
        )
        answer = await self._sent(request, stream=True)
        try:
            if not answer.is_success:
                await answer.aread()
                raise _refused(answer)
            if not question.get("stream"):
                yield self._told(await answer.aread())
                return
            name = ""
            async for line in _lines(answer):
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    told = self._told(value)
                    if name == "error":
                        raise _of(told, told.get("status", 0))
                    yield str(told.get("text", "")) if name == "delta" else told
        except httpx.TransportError as error:
            raise Away(f"The answer of {self._url} broke off ({error}).") from None
        finally:
            await answer.aclose()

    async def follow(
        self, job_id: str, say: Callable[[str], None]
    ) -> AsyncIterator[Job]:
        """The job's state now and then, at last the one in which it ended.

        An API that is away is waited for, since the job goes on without it; `say` is
        told once, and when it answers again. Raises Away after `PATIENCE_S` of that.
        """
        away_s: float | None = None
        while True:
            try:
                job = await self.job(job_id)
            except Away as error:
                if away_s is None:
                    away_s = monotonic_s()
                    say(f"{error} {job_id} goes on without it; it is asked again.")
                elif monotonic_s() - away_s > PATIENCE_S:
                    raise
                await sleep(AGAIN_S)
                continue
            if away_s is not None:
                away_s = None
                say(f"The API at {self._url} answers again.")
            yield job
            if job["status"] in ENDED:
                return
            await sleep(LOOK_S)

    async def job(self, job_id: str) -> Job:
        return await self._ask("GET", f"/benchmark/{job_id}")

    async def jobs(self, most: int = 20, **wanted: Any) -> list[Job]:
        """The newest jobs first, up to `most`, of those that are wanted: by `tag`,
        `model`, `status` (a list each) and `text`."""
        said = {name: value for name, value in wanted.items() if value}
        asked: dict[str, Any] = {"limit": min(most, _PAGE), **said}
        page = await self._ask("GET", "/benchmark", params=asked)
        found = list(page["jobs"])
        while page["next"] and len(found) < most:
            page = await self._ask("GET", page["next"])
            found += page["jobs"]
        return found[:most]

    async def describe(self, job_id: str, said: Job) -> Job:
        """Say its name, its tags, a note; what is left out stays as it is."""
        return await self._ask("PATCH", f"/benchmark/{job_id}", json=said)

    async def compare(self, job_ids: list[str], *, anyway: bool = False) -> Job:
        """These jobs beside each other, or the targets of the one; raises Refused."""
        asked = {"job": job_ids, "anyway": anyway}
        return await self._ask("GET", "/compare", params=asked, timeout=180)

    async def purge(self, job_id: str) -> None:
        """Delete every trace of a job that has ended."""
        request = self._http.build_request("DELETE", f"/benchmark/{job_id}?purge=true")
        answer = await self._sent(request)
        if not answer.is_success:
            raise _refused(answer)

    async def save(self, job_id: str, name: str, file: Path) -> None:
        """A file of its results, written here; it appears whole or not at all."""
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        request = self._http.build_request("GET", f"/benchmark/{job_id}/{name}")
        answer = await self._sent(request, stream=True)
        try:
            if not answer.is_success:
                await answer.aread()
                raise _refused(answer)
            with part.open("wb") as out:
                async for piece in answer.aiter_bytes():
                    out.write(piece)
            part.replace(file)
        except httpx.TransportError as error:
            raise Away(
                f"The API at {self._url} did not send all of {name}"
                f" ({error or type(error).__name__}). Ask for it again."
            ) from None
        finally:
            part.unlink(missing_ok=True)
            await answer.aclose()

    async def cancel(self, job_id: str) -> Job:
        return await self._ask("DELETE", f"/benchmark/{job_id}")

    async def pause(self, job_id: str) -> Job:
        return await self._ask("POST", f"/benchmark/{job_id}/pause")

    async def resume(self, job_id: str) -> Job:
        return await self._ask("POST", f"/benchmark/{job_id}/resume")

    async def rerun(
        self, job_id: str, *, failed: bool, changes: Job | None = None
    ) -> Job:
        """The new job; of what failed alone, or of everything, with these changes."""
        asked: Job = {"only": "failed"} if failed else {}
        if changes:
            asked["changes"] = changes
        return await self._ask("POST", f"/benchmark/{job_id}/rerun", json=asked)

    async def models(self, which: str) -> list[Job]:
        page = await self._ask(
            "GET", "/models", params={"filter": which, "details": "true"}
        )
        return list(page["models"])

    async def providers(self, model: str) -> list[Job]:
        """Who runs a model."""
        path = f"/models/{quote(model, safe='/:~')}/providers"
        return list((await self._ask("GET", path))["providers"])

    async def account(self) -> Account:
        return await self._ask("GET", "/account")

    async def _ask(self, method: str, path: str, **more: Any) -> Job:
        answer = await self._sent(self._http.build_request(method, path, **more))
        if not answer.is_success:
            raise _refused(answer)
        return self._told(answer.content)

    def _told(self, text: str | bytes) -> Job:
        try:
            return dict(from_json(text))
        except (ValueError, TypeError):
            raise Refused(
                f"What answers at {self._url} is no API of ours. Name another with"
                " --url."
            ) from None

    async def _sent(
        self, request: httpx.Request, *, stream: bool = False
    ) -> httpx.Response:
        try:
            return await self._http.send(request, stream=stream)
        except httpx.TransportError as error:
            raise Away(
                f"No API answers at {self._url} ({error or type(error).__name__})."
                " Start one with `llmbench up`, or name another with --url."
            ) from None


async def _lines(answer: httpx.Response) -> AsyncIterator[str]:
    """The lines of an event stream, which `\n` alone ends. httpx ends one at U+2028,
    U+2029 and U+0085, too, and these stand in JSON as they are."""
    rest = b""
    async for piece in answer.aiter_bytes():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").removesuffix("\r")


def _refused(answer: httpx.Response) -> Refused:
    """The problem of an answer (RFC 9457), or what there is instead."""
    try:
        body = answer.json()
        return _of(body, answer.status_code)
    except (ValueError, AttributeError, KeyError):
        said = f"The API answered {answer.status_code} {answer.reason_phrase}."
        kind = Away if answer.status_code in _AWAY else Refused
        return kind(said, status=answer.status_code)


def _of(body: Job, status: int) -> Refused:
    kind = str(body.get("type", "")).rpartition("/")[2]
    upstream = kind.startswith("upstream-")  # the API is there, whatever its status
    found = Away if status in _AWAY and not upstream else Refused
    return found(str(body.get("detail") or body["title"]), kind, status)
