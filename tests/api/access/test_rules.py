"""Every route has a rule, every rule a route; and each is obeyed."""

import itertools

import pytest

from api.access import RULES
from api.access.rules import rule_of
from shared.access import SCOPES, Scope
from tests.api.access.conftest import Held, Make, client
from tests.api.access.every_route import ROUTES
from tests.api.client import problem, submit
from tests.api.server import Api

STREAMS = ("/events", "/live")
ID = "01JZ8M5T7Q4W9E2R6Y8V0B3N5C"


def test_there_are_routes() -> None:
    assert len(ROUTES) > 50


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_a_rule(method: str, path: str) -> None:
    """Without one no token may ask it: say in api/access/rules.py what it needs."""
    assert rule_of(method, path) is not None, f"{method} {path}"


def test_every_rule_has_a_route() -> None:
    assert set(RULES) <= {f"{method} {path}" for method, path in ROUTES}


def test_what_is_public_shows_nothing_of_anybody() -> None:
    public = {name for name, rule in RULES.items() if rule == "public"}
    assert public == {
        "GET /health",
        "GET /health/ready",
        "GET /sign-in",
        "POST /sign-in",
        "POST /sign-out",
        "GET /shared/{ticket}",
        "GET /static/{version}/{name}",
        "GET /docs/assets/{version}/{name}",
    }


def filled(path: str) -> str:
    """With something in each of its places."""
    known = {"job_id": ID, "test_id": ID, "model_id:path": "a/b", "name": "x"}
    known |= {"version": "0", "ticket": "x", "token_id": "NOBODY"}
    for name, value in known.items():
        path = path.replace("{" + name + "}", value)
    return path


@pytest.mark.parametrize(
    ("method", "path"),
    [each for each in ROUTES if rule_of(*each) != "public"],
)
def test_without_a_token_it_is_a_401(closed: Api, method: str, path: str) -> None:
    answer = closed.http.request(method, filled(path))
    assert answer.status_code == 401, answer.text
    page = closed.http.request(method, filled(path), headers={"Accept": "text/html"})
    assert page.status_code == (303 if method in ("GET", "HEAD") else 401)


def test_each_scope_opens_its_own_routes_alone(make: Make) -> None:
    held: dict[Scope, Held] = {
        scope: make(scope) for scope in SCOPES if scope is not Scope.ADMIN
    }
    for (method, path), (scope, one) in itertools.product(ROUTES, held.items()):
        rule = rule_of(method, path)
        if not isinstance(rule, Scope) or rule is scope or path == "/selftest":
            continue
        answer = one.http.request(method, filled(path), json={})
        assert answer.status_code in (403, 422), (method, path, scope, answer.text)
        assert answer.status_code == 403 or "forbidden" not in answer.text


def test_a_shared_link_opens_what_names_its_benchmark_and_nothing_else(
    closed: Api, make: Make
) -> None:
    """Also where the token behind it may do everything. The schema is FastAPI's own
    route, and has nothing of anybody."""
    owner = make(Scope.ADMIN)
    job_id = submit(owner.http)
    said = {"hours": 1, "content": True}
    link = owner.http.post(f"/benchmark/{job_id}/share", json=said).json()
    with client(closed, link["ticket"]) as guest:
        for method, path in ROUTES:
            is_schema = path == "/openapi.json"
            if rule_of(method, path) == "public" or is_schema or path.endswith(STREAMS):
                continue
            url = filled(path.replace("{job_id}", job_id))
            answer = guest.request(method, url, json={})
            if method in ("GET", "HEAD") and "{job_id}" in path:
                assert answer.status_code != 403, (method, path, answer.text)
            elif method == "HEAD":
                assert answer.status_code == 403, path
            else:
                assert problem(answer, "forbidden")["detail"].startswith("A shared")
    owner.http.delete(f"/benchmark/{job_id}")
