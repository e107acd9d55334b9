"""POST /benchmark with no key, with a wrong one, and where none is wanted."""

import pytest
from pydantic import SecretStr

from tests.api.client import FILE, FORM, plan, problem, submit
from tests.api.routes.test_account import saying
from tests.api.server import Api, Start
from tests.children import Simulator


def test_without_a_key_it_is_refused_at_once_where_one_is_needed(
    start: Start, api: Api
) -> None:
    keyless = start(openrouter_api_key=None)
    for asked in ({"json": plan()}, {"data": FORM, "files": FILE}):
        answer = keyless.http.post("/benchmark", **asked)
        assert answer.status_code == 503
        assert "OPENROUTER_API_KEY" in problem(answer, "missing-key")["detail"]
    job_id = submit(api.http)
    answer = keyless.http.post(f"/benchmark/{job_id}/rerun")
    problem(answer, "missing-key")
    quoted = keyless.http.post("/benchmark?dry_run=true", json=plan())
    assert quoted.status_code == 200
    assert any("OPENROUTER_API_KEY" in said for said in quoted.json()["warnings"])


def test_a_key_that_is_not_accepted_is_a_warning_and_one_that_is_is_none(
    start: Start, api: Api
) -> None:
    wrong = start(openrouter_api_key=SecretStr("sk-or-v1-wrong-bad"))
    for _ in range(2):
        answer = wrong.http.post("/benchmark", json=plan())
        assert answer.status_code == 202
        (said,) = (w for w in answer.json()["warnings"] if "key" in w.lower())
        assert "User not found" in said
        assert "OPENROUTER_API_KEY" in said
        assert "wrong-bad" not in said
    right = api.http.post("/benchmark", json=plan()).json()["warnings"]
    assert not [said for said in right if "key" in said.lower()]


@pytest.mark.parametrize(
    ("key", "words"),
    [(None, "No OPENROUTER_API_KEY is set"), ("sk-x-wrong", "does not accept the")],
)
def test_a_plain_server_that_lists_nothing_without_a_key_is_a_warning(
    start: Start, key: str | None, words: str
) -> None:
    with saying(b'{"error": {"message": "Invalid API key"}}', 401) as upstream:
        plain = start(
            openrouter_base_url=upstream.url,
            openrouter_api_key=None if key is None else SecretStr(key),
            upstream_kind="openai",
        )
        answer = plain.http.post("/benchmark", json=plan())
    assert answer.status_code == 202
    assert any(words in said for said in answer.json()["warnings"])


def test_a_local_server_and_a_mirror_need_no_key(start: Start, sim: Simulator) -> None:
    plain = sim.base_url.replace("/api/v1", "/v1")
    local = start(
        openrouter_base_url=plain, openrouter_api_key=None, upstream_kind="auto"
    )
    answer = local.http.post("/benchmark", json=plan())
    assert answer.status_code == 202
    assert not [said for said in answer.json()["warnings"] if "KEY" in said]
    mirror = start(openrouter_api_key=None, upstream_kind="auto")
    answer = mirror.http.post("/benchmark", json=plan())
    assert answer.status_code == 202, "a mirror may have a key of its own"
    assert any("KEY" in said for said in answer.json()["warnings"])
