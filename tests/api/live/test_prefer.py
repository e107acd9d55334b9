"""POST /benchmark with `Prefer: wait=N`; the worker is played."""

import asyncio

import httpx
import pytest

from tests.api.client import Played, plan
from tests.api.server import Api


async def asked_with(api: Api, prefer: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=90) as http:
        headers = {"Prefer": prefer}
        return await http.post("/benchmark", json=plan(), headers=headers)


async def newest(api: Api, known: set[str]) -> str:
    """The id of a job that was not known before."""
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as http:
        while True:
            jobs = (await http.get("/benchmark?limit=5")).json()["jobs"]
            for job in jobs:
                if job["job_id"] not in known:
                    return str(job["job_id"])
            await asyncio.sleep(0.02)


async def test_prefer_wait_answers_with_the_get_body_when_it_has_ended(
    api: Api, worker: Played
) -> None:
    known = {job["job_id"] for job in api.http.get("/benchmark").json()["jobs"]}
    waiting = asyncio.create_task(asked_with(api, "respond-async, wait=45"))
    job_id = await newest(api, known)
    await worker.whole(job_id)
    answer = await waiting
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=45"
    assert answer.content == api.http.get(f"/benchmark/{job_id}").content


async def test_prefer_wait_answers_202_when_it_takes_longer(api: Api) -> None:
    answer = await asked_with(api, "wait=1")
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers
    assert answer.json()["status"] == "queued"


async def test_leaving_early_cancels_nothing(api: Api) -> None:
    known = {job["job_id"] for job in api.http.get("/benchmark").json()["jobs"]}
    waiting = asyncio.create_task(asked_with(api, "wait=60"))
    job_id = await newest(api, known)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert api.http.get(f"/benchmark/{job_id}").json()["status"] == "queued"


@pytest.mark.parametrize("prefer", ["wait=0", "wait=-1", "wait=soon", "wait", ""])
async def test_a_preference_that_says_nothing_is_ignored(api: Api, prefer: str) -> None:
    assert (await asked_with(api, prefer)).status_code == 202
