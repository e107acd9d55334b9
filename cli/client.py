"""What the terminal asks of the API over HTTP."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic_core import from_json

from cli.own_token import bearer
from cli.refusal import Away, Refused, events_of, refusal, refusal_of
from shared.clock import monotonic_s, sleep

ENDED = frozenset({"done", "cancelled", "failed"})
LOOK_S = 0.25
AGAIN_S = 1.0
PATIENCE_S = 300.0
"""A followed job outlives an API that is away for so long; a restart takes seconds."""

_PAGE = 100
_JSON = {"Content-Type": "application/json"}

__all__ = ["ENDED", "Account", "Api", "Away", "Job", "Refused"]

Job = dict[str, Any]
Account = dict[str, Any]


class Api:
    """The API at `url`, asked with the token of one's own. `async with` it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # Of this machine or its network: a proxy in the environment is not for it.
        self._http = httpx.AsyncClient(
            base_url=self._url, trust_env=False, timeout=60, headers=bearer()
        )

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
        asked = ("POST", "/benchmark?dry_run=true")
        return await self._ask(*asked, data=fields, files=files)

    async def submit_plan(self, plan: bytes, *, against: str | None = None) -> Job:
        """Queue a benchmark of a plan as JSON; its job_id and addresses.

        against: refused where it could not be compared with this job, or baseline.
        """
        return await self._of_plan(plan, against=against)

    async def quote_plan(self, plan: bytes, *, against: str | None = None) -> Job:
        """What that benchmark would cost and take; nothing is queued."""
        return await self._of_plan(plan, dry_run="true", against=against)

    async def _of_plan(self, plan: bytes, **asked: str | None) -> Job:
        params = _given(**asked)
        return await self._ask(
            "POST", "/benchmark", content=plan, headers=_JSON, params=params
        )

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
                raise refusal(answer)
            if not question.get("stream"):
                yield self._told(await answer.aread())
                return
            async for name, value in events_of(answer):
                told = self._told(value)
                if name == "error":
                    raise refusal_of(told, told.get("status", 0))
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
        `model`, `target`, `status` (a list each), `since`, `until` and `text`."""
        asked: dict[str, Any] = {"limit": min(most, _PAGE), **_given(**wanted)}
        page = await self._ask("GET", "/benchmark", params=asked)
        found = list(page["jobs"])
        while page["next"] and len(found) < most:
            page = await self._ask("GET", page["next"])
            found += page["jobs"]
        return found[:most]

    async def describe(self, job_id: str, said: Job) -> Job:
        """Say its name, its tags, a note; what is left out stays as it is."""
        return await self._ask("PATCH", f"/benchmark/{job_id}", json=said)

    async def compare(
        self,
        job_ids: list[str],
        *,
        anyway: bool = False,
        against: list[str] | None = None,
        control: str | None = None,
    ) -> Job:
        """These jobs beside each other, or the targets of the one; raises Refused."""
        asked: Job = {"job": job_ids, "anyway": anyway, "against": against or []}
        if control:
            asked["control"] = control
        return await self._ask("GET", "/compare", params=asked, timeout=180)

    async def history(self, target: str, **wanted: Any) -> Job:
        """A target, run by run: by `tag`, `since`, `until`, `limit`."""
        asked = {"target": target, **_given(**wanted)}
        return await self._ask("GET", "/history", params=asked)

    async def resummarize(self, job_id: str) -> Job:
        """Have it summarised again by the API's version; what has changed."""
        path = f"/benchmark/{job_id}/resummarize"
        return await self._ask("POST", path, timeout=360)

    async def baselines(self) -> list[Job]:
        """All of them, by name."""
        return list((await self._ask("GET", "/baselines"))["baselines"])

    async def baseline(self, name: str) -> Job:
        """What a name stands for."""
        return await self._ask("GET", f"/baselines/{quote(name, safe='')}")

    async def set_baseline(self, name: str, job_id: str) -> Job:
        """Let the name stand for this job from now on."""
        path = f"/baselines/{quote(name, safe='')}"
        return await self._ask("PUT", path, json={"job": job_id})

    async def drop_baseline(self, name: str) -> None:
        """Take the name away."""
        await self._done("DELETE", f"/baselines/{quote(name, safe='')}")

    async def purge(self, job_id: str) -> None:
        """Delete every trace of a job that has ended."""
        await self._done("DELETE", f"/benchmark/{job_id}?purge=true")

    async def save(self, job_id: str, name: str, file: Path) -> None:
        """A file of its results, written here; it appears whole or not at all."""
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        request = self._http.build_request("GET", f"/benchmark/{job_id}/{name}")
        answer = await self._sent(request, stream=True)
        try:
            if not answer.is_success:
                await answer.aread()
                raise refusal(answer)
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

    async def models(self, which: str, upstream: str | None = None) -> list[Job]:
        """What an upstream lists; None: the default one."""
        asked = {"filter": which, "details": "true", **_given(upstream=upstream)}
        return list((await self._ask("GET", "/models", params=asked))["models"])

    async def providers(self, model: str, upstream: str | None = None) -> list[Job]:
        """Who runs a model."""
        path, asked = (
            f"/models/{quote(model, safe='/:~')}/providers",
            _given(upstream=upstream),
        )
        return list((await self._ask("GET", path, params=asked))["providers"])

    async def tokens(self) -> list[Job]:
        return list((await self._ask("GET", "/tokens"))["tokens"])

    async def create_token(self, said: Job) -> Job:
        return await self._ask("POST", "/tokens", json=said)

    async def revoke_token(self, token_id: str) -> None:
        await self._done("DELETE", f"/tokens/{quote(token_id, safe='')}")

    async def upstreams(self) -> list[Job]:
        """Whom the stack can ask."""
        return list((await self._ask("GET", "/upstreams"))["upstreams"])

    async def account(self, upstream: str | None = None) -> Account:
        return await self._ask("GET", "/account", params=_given(upstream=upstream))

    async def _done(self, method: str, path: str) -> None:
        """What answers nothing."""
        answer = await self._sent(self._http.build_request(method, path))
        if not answer.is_success:
            raise refusal(answer)

    async def _ask(self, method: str, path: str, **more: Any) -> Job:
        answer = await self._sent(self._http.build_request(method, path, **more))
        if not answer.is_success:
            raise refusal(answer)
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


def _given(**said: Any) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value}
