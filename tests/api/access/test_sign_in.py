"""A browser signs in with a token, and holds a cookie that no script can read."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.pages.sign_in import _own
from shared.access import Scope
from tests.api.access.conftest import Make
from tests.api.client import plan, problem, submit
from tests.api.server import Api

HTML = {"Accept": "text/html"}


@contextmanager
def signed_in(closed: Api, text: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=closed.url, trust_env=False, timeout=30) as http:
        answer = http.post("/sign-in", data={"token": text, "next": "/new"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/new")
        said = answer.headers["set-cookie"]
        assert "HttpOnly" in said
        assert "SameSite=strict" in said
        assert text not in said
        yield http


def test_who_has_no_token_is_led_to_the_sign_in(closed: Api) -> None:
    led = closed.http.get("/benchmark?limit=5", headers=HTML)
    assert led.status_code == 303
    where = led.headers["location"]
    assert where == "/sign-in?next=%2Fbenchmark%3Flimit%3D5"
    page = closed.http.get(where, headers=HTML)
    assert page.status_code == 200
    assert 'value="/benchmark?limit=5"' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_a_session_is_the_token_s_in_scope_and_in_time(
    closed: Api, make: Make, admin: httpx.Client
) -> None:
    held = make(Scope.READ)
    with signed_in(closed, held.text) as http:
        assert http.get("/benchmark").status_code == 200
        problem(http.post("/benchmark", json=plan()), "forbidden")
        admin.delete(f"/tokens/{held.token.id}")
        problem(http.get("/benchmark"), "no-token")


def test_events_come_to_a_session(closed: Api, make: Make) -> None:
    held = make()
    job_id = submit(held.http)
    with (
        signed_in(closed, held.text) as http,
        http.stream("GET", f"/benchmark/{job_id}/events") as stream,
    ):
        assert "snapshot" in next(stream.iter_text())


def test_another_site_cannot_use_a_session(closed: Api, make: Make) -> None:
    with signed_in(closed, make().text) as http:
        for said in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            problem(http.post("/benchmark", json=plan(), headers=said), "wrong-site")
        ours = {"Origin": closed.url}
        assert http.post("/benchmark", json=plan(), headers=ours).status_code == 202


def test_signing_out_forgets_the_session(closed: Api, make: Make) -> None:
    with signed_in(closed, make().text) as http:
        assert http.post("/sign-out").status_code == 303
        problem(http.get("/benchmark"), "no-token")


def test_a_wrong_token_is_said_and_not_shown(closed: Api) -> None:
    wrong = "llmb_AAAAAAAAAAAA." + "A" * 43
    page = closed.http.post("/sign-in", data={"token": wrong})
    assert page.status_code in (401, 429)
    assert wrong not in page.text
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize("value", ["x", "", "a.b.c", '"IkFCIg.aaa.bbb"', "A" * 5000])
def test_a_cookie_that_is_forged_is_nobody(closed: Api, value: str) -> None:
    for name in ("llmbench_session", "llmbench_link"):
        cookies = {"Cookie": f"{name}={value}"}
        assert closed.http.get("/benchmark", headers=cookies).status_code == 401


def test_a_cookie_is_for_https_alone_where_it_came_so(closed: Api, make: Make) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.1.1"}
    answer = closed.http.post("/sign-in", data={"token": make().text}, headers=said)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("said", "led"),
    [
        ("/runs/1?a=b", "/runs/1?a=b"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nX: y", "/"),
        ("", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_it_leads_to_pages_of_this_server_alone(said: str, led: str) -> None:
    assert _own(said) == led
