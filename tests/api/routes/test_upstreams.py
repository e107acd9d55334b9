"""Upstreams by name, asked by an API that has not met them yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings.settings import Settings
from tests.api.server import Api, serving
from tests.origins import an_origin, upstreams_file

MODEL = "acme/swift-8b"


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two upstreams, one with a name."""
    folder = tmp_path_factory.mktemp("named")
    with an_origin("a", "") as a, an_origin("b", "", plain=True) as b:
        file = upstreams_file(
            folder,
            f"""
            [near]
            base_url = "{b.base_url}"
            kind = "openai"
            [gone]
            base_url = "http://127.0.0.1:1/v1"
            """,
        )
        yield Settings.model_validate(
            {"openrouter_base_url": a.base_url, "upstreams_file": file}
        )


@pytest.fixture
def api(origins: Settings, tmp_path: Path) -> Iterator[Api]:
    """One that has asked nobody yet."""
    more = {"results_dir": tmp_path, "log_file": tmp_path / "log"}
    with serving(origins.model_copy(update=more)) as started:
        yield started


@pytest.mark.parametrize("path", ["/models?filter=all&", "/account?"])
def test_whoever_is_asked_first_may_have_a_name(api: Api, path: str) -> None:
    assert api.http.get(f"{path}upstream=near").status_code == 200


def test_a_question_may_be_the_first_that_an_upstream_is_asked(api: Api) -> None:
    asked = {"model": MODEL, "prompt": "Why?", "upstream": "near"}
    assert api.http.post("/generate", json=asked).status_code == 200


def test_what_is_wrong_names_the_table_and_no_variable_of_another(api: Api) -> None:
    """The default upstream's settings would be changed in vain."""
    near = api.http.get("/account?upstream=near").json()
    assert "as `kind` of [near] in upstreams.toml says" in near["upstream"]["words"]
    said = api.http.get("/models?upstream=gone")
    assert said.status_code == 503
    detail = said.json()["detail"]
    assert "Is the address in `base_url` of [gone] in upstreams.toml right" in detail
    asked = {"model": MODEL, "prompt": "Why?", "upstream": "gone"}
    failed = api.http.post("/generate", json=asked).json()["detail"]
    gone = api.http.get("/account?upstream=gone").json()
    assert "`kind` of [gone] in upstreams.toml would decide" in gone["warnings"][0]
    for text in (detail, failed, str(near), str(gone)):
        for variable in ("OPENROUTER_", "UPSTREAM_KIND", "FREE_LIMITS"):
            assert variable not in text
