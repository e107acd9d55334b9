"""How a process begins: what is wrong as a line each, and the end with code 2."""

import logging
import re
from pathlib import Path

import pytest

from shared.settings.check import Check
from shared.settings.settings import Settings
from shared.startup import start

LINE = re.compile(r"\S+ - (api|worker) - (WARNING|ERROR) - (.+)")


pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which everything is well, but for a store."""
    for name in ("RESULTS_DIR", "SPOOL_DIR", "LOG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-1")
    return monkeypatch


def said(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """(level, sentence) of each line on the console."""
    lines = capsys.readouterr().err.splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    return [(match[2], match[3]) for match in found if match]


def test_an_api_may_begin_without_a_store_and_says_what_it_cannot_do(
    env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(start.begin("api"), Settings)
    ((level, sentence),) = said(capsys)
    assert level == "WARNING"
    assert "REDIS_URL is not set: /benchmark answers 503." in sentence


def test_a_worker_may_not(
    env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        start.begin("worker")
    assert ended.value.code == 2
    ((level, sentence),) = said(capsys)
    assert level == "ERROR"
    assert sentence.startswith("REDIS_URL: a worker needs a store.")


def test_settings_that_cannot_be_read_are_a_line_each(
    env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    env.setenv("PORT", "x")
    env.setenv("LEASE_S", "0")
    with pytest.raises(SystemExit) as ended:
        start.begin("api")
    assert ended.value.code == 2
    assert [sentence.partition(":")[0] for _, sentence in said(capsys)] == [
        "LEASE_S",
        "PORT",
    ]


def test_what_is_doubtful_and_what_is_wrong_is_said_at_once(
    env: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    env.setenv("MAX_COST_USDD", "5")
    env.setenv("RESULTS_DIR", str(tmp_path / "file"))
    env.setenv("SPOOL_DIR", str(tmp_path / "file"))
    env.setenv("UPSTREAM_CA_FILE", str(tmp_path / "none"))
    env.setenv("OPENROUTER_API_KEY", "")
    env.setenv("OPENROUTER_API_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SystemExit):
        start.begin("worker")
    assert [(level, s.partition(":")[0]) for level, s in said(capsys)] == [
        ("WARNING", "MAX_COST_USDD"),
        ("ERROR", "OPENROUTER_API_KEY"),
        ("ERROR", "UPSTREAM_CA_FILE"),
        ("ERROR", "RESULTS_DIR"),
        ("ERROR", "SPOOL_DIR"),
        ("ERROR", "REDIS_URL"),
    ]


def test_a_store_that_is_away_is_waited_for(
    env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    env.setenv("REDIS_URL", "redis://127.0.0.1:1")
    start.begin("worker")
    ((level, sentence),) = said(capsys)
    assert level == "WARNING"
    assert "redis://127.0.0.1:1 does not answer" in sentence


def test_secrets_of_the_settings_are_cut_out_of_the_log(
    env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env.setenv("REDIS_URL", "redis://:hunter%2F2222@127.0.0.1:1")
    env.setenv("UPSTREAM_PROXY", "http://ann:p4ssw0rd-long@127.0.0.1:1")
    env.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=t0ken-of-traces,broken")
    start.begin("api")
    for secret in ("hunter/2222", "hunter%2F2222", "p4ssw0rd-long", "t0ken-of-traces"):
        logging.getLogger("any").error("refused: %s", secret)
    text = (tmp_path / "log_file").read_text()
    assert text.count("refused: ***") == 4


def test_every_part_looks_at_something_and_all_of_it_is_a_check(
    env: pytest.MonkeyPatch,
) -> None:
    settings = Settings()
    for part in start.LOOKS:
        found = start.checks_for(part, settings)
        assert found
        assert all(isinstance(check, Check) for check in found)
