"""`llmbench doctor` where several upstreams can be asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.main import app
from tests.origins import an_origin, upstreams_file

KEY = "sk-or-v1-doctor-canary-5e1f0c0ffee"


def test_each_upstream_has_its_lines_in_its_own_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEAR_TEST_KEY", KEY)
    with an_origin("a", "") as a, an_origin("b", KEY) as b:
        named = f"""
            [near]
            base_url = "{b.base_url}"
            kind = "openrouter"
            key_env = "NEAR_TEST_KEY"
            [gone]
            base_url = "http://127.0.0.1:1/v1"
            """
        upstreams_file(tmp_path, named)
        monkeypatch.setenv("OPENROUTER_BASE_URL", a.base_url)
        shown = CliRunner().invoke(app, ["doctor"])
        assert b.keys() == {f"Bearer {KEY}"}
        assert a.keys() == {""}
    lines = shown.output.splitlines()

    def the(start: str) -> list[str]:
        return [line for line in lines if line.startswith(start)]

    asked, listed = the("ok   upstream near: ")
    assert f"{b.base_url} is asked with a key of its own" in asked
    assert "models. " in listed
    assert "as `kind` of [near] in upstreams.toml says" in listed
    assert len(the("ok   key of near: ")) == 1
    assert len(the("ok   upstream: ")) == 1
    assert len(the("ok   clock: ")) == 1, "that of the default alone"
    (gone,) = the("bad  upstream gone: ")
    assert "Check `base_url` of [gone] in upstreams.toml" in gone
    assert "OPENROUTER_BASE_URL" not in gone
    assert KEY not in shown.output
    assert shown.exit_code == exits.UNREACHABLE
