"""Where things are, and the pages of the API without a foreign host."""

import re

from tests.api.client import problem
from tests.api.server import Api


def test_the_first_address_says_where_things_are_and_they_are_there(api: Api) -> None:
    answer = api.http.get("/")
    found = answer.json()
    assert (found["name"], bool(found["version"])) == ("llmbench", True)
    paths = api.http.get("/openapi.json").json()["paths"]
    assert found["links"]["benchmarks"] == "/benchmark"
    for path in found["links"].values():
        assert path in paths or api.http.get(path).status_code == 200, path


def test_the_docs_take_everything_from_this_server(api: Api) -> None:
    page = api.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy  # no host beside 'self'
    named = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(named) == 5, named
    assert not re.search(r"https?:|//", page.text)
    # nothing inline, which the policy would stop
    assert not re.search(r"<script>|<style|style=|onload=", page.text)
    for address in named:
        if address == "data:,":
            continue
        answer = api.http.get(address)
        assert answer.status_code == 200, address
        if "/assets/" in address:
            assert "immutable" in answer.headers["cache-control"]
            assert len(answer.content) > 100
            assert "http-equiv" not in answer.text[:1000]


def test_the_page_begins_with_our_own_schema(api: Api) -> None:
    page = api.http.get("/docs").text
    [begin] = re.findall(r'src="([^"]*start\.js)"', page)
    assert 'url: "/openapi.json"' in api.http.get(begin).text
    assert api.http.get("/openapi.json").json()["info"]["title"] == "llmbench"


def test_no_other_file_can_be_had_under_the_docs(api: Api) -> None:
    for name in ("redoc.standalone.js", "..%2f__init__.py", "x.css"):
        problem(api.http.get(f"/docs/assets/1/{name}"), "not-found")
