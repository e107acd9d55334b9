"""Who has no token is told nothing; who has one may do what its scopes say."""

import httpx
import pytest

from shared.access import Scope
from tests.api.access.conftest import Make, client
from tests.api.client import plan, problem, submit
from tests.api.server import Api, serving
from tests.children import until


def test_without_a_token_nobody_is_answered(closed: Api) -> None:
    said = closed.http.get("/benchmark")
    problem(said, "no-token")
    assert said.headers["www-authenticate"].startswith("Bearer")
    assert closed.http.get("/no/such/path").status_code == 401
    assert closed.http.post("/generate", content=b"{").status_code == 401
    assert closed.http.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "said",
    [
        "Bearer",
        "Bearer llmb_AAAAAAAAAAAA." + "A" * 43,
        "Basic {text}",
        "Bearer {text}x",
        "Bearer {wrong}",
        "{text}",
    ],
)
def test_what_is_no_good_token_is_refused(
    closed: Api, admin_text: str, said: str
) -> None:
    wrong = admin_text[:-1] + ("A" if admin_text[-1] != "A" else "B")
    text = said.format(text=admin_text, wrong=wrong)
    answer = closed.http.get("/tokens", headers={"Authorization": text})
    assert answer.status_code in (401, 429)


def test_a_scope_is_asked_for_by_route(make: Make) -> None:
    reader, runner = make(Scope.READ).http, make(Scope.RUN).http
    assert reader.get("/benchmark").status_code == 200
    said = problem(reader.post("/benchmark", json=plan()), "forbidden")
    assert "scope run" in said["detail"]
    assert runner.post("/benchmark", json=plan()).status_code == 202
    problem(runner.get("/benchmark"), "forbidden")
    problem(reader.get("/metrics"), "forbidden")
    assert make(Scope.METRICS).http.get("/metrics").status_code == 200


def test_only_an_admin_makes_tokens_and_none_that_outlives_it(
    closed: Api, make: Make
) -> None:
    body = {"name": "more", "scopes": ["admin"]}
    problem(make().http.post("/tokens", json=body), "forbidden")
    short = make(Scope.ADMIN, expires_days=1)
    problem(short.http.post("/tokens", json=body), "forbidden")
    made = short.http.post("/tokens", json={**body, "expires_days": 0.5})
    assert made.status_code == 201
    assert short.http.delete(f"/tokens/{made.json()['id']}").status_code == 204


def test_a_secret_is_shown_once_and_not_kept(
    make: Make, admin: httpx.Client, closed_config: object
) -> None:
    held = make()
    secret = held.text.partition(".")[2]
    assert held.text.startswith("llmb_")
    assert len(secret) == 43  # 256 bits
    assert secret not in admin.get("/tokens").text


def test_a_revoked_token_is_refused_and_its_open_streams_end(
    make: Make, admin: httpx.Client
) -> None:
    held = make()
    job_id = submit(held.http)
    with held.http.stream("GET", f"/benchmark/{job_id}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(("id:", "event:"))
        assert admin.delete(f"/tokens/{held.token.id}").status_code == 204
        rest = list(lines)
    assert rest
    problem(held.http.get("/benchmark"), "no-token")


async def test_a_token_expires(make: Make) -> None:
    held = make(expires_days=1.5 / 86_400)
    assert held.http.get("/benchmark").status_code == 200
    await refused(held.http)


async def test_a_token_is_good_in_another_process_and_is_revoked_there(
    make: Make, admin: httpx.Client, closed: Api
) -> None:
    held = make()
    with serving(closed.settings) as other, client(other, held.text) as http:
        assert http.get("/benchmark").status_code == 200
        admin.delete(f"/tokens/{held.token.id}")
        await refused(http)


async def refused(http: httpx.Client) -> None:
    """Within a second, and what a busy machine adds."""

    async def is_refused() -> bool:
        return http.get("/benchmark").status_code == 401

    await until(is_refused, "a 401", deadline_s=5)
