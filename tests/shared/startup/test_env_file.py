"""What `.env` holds that is no setting, and what is said of that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings.settings import Settings
from shared.startup import checks

SECRET = "c4naryc4nary"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The `.env` that is read; not there yet."""
    path = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", str(path))
    return path


def test_an_env_file_that_is_no_utf_8_is_a_sentence(env_file: Path) -> None:
    env_file.write_text("PORT=8001\n", "utf-16")
    settings, (check,) = checks.read()
    assert settings is None
    assert check.line == ".env: it is not UTF-8. Save it as UTF-8, as plain text."


def test_an_env_file_that_cannot_be_read_is_a_sentence(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("PORT=8001\n")
    opened = open

    def forbidden(file: object, *args: object, **more: object) -> object:
        if file == str(env_file) or file == env_file:  # the tests' user may read all
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", forbidden)
    settings, (check,) = checks.read()
    assert settings is None
    assert check.line.startswith(".env: it cannot be read (Permission denied).")


def test_a_mark_before_the_first_name_does_not_hide_it(env_file: Path) -> None:
    env_file.write_bytes(b"\xef\xbb\xbfPORT=8001\n")
    assert Settings().port == 8001
    assert checks.names([]) == ()


def test_a_name_that_is_no_setting_is_said_with_the_one_that_is_meant(
    env_file: Path,
) -> None:
    env_file.write_text("# ceilings\n\nMAX_COST_UDS=5\nPORT=1\nFOREIGN=x\nPORT=2\n")
    assert [check.line for check in checks.names([])] == [
        "MAX_COST_UDS: MAX_COST_UDS in .env, line 3, is no setting here, and has no"
        " effect. Is MAX_COST_USD meant?",
        "FOREIGN: FOREIGN in .env, line 5, is no setting here, and has no effect."
        " Other programs may want it.",
        ".env: line 6 sets PORT again; line 4 is void. Take one of them away.",
    ]
    assert {check.level for check in checks.names([])} == {"warn"}


@pytest.mark.parametrize(
    "text",
    [
        f"OPENROUTER_API_KEY=sk-1\n{SECRET}\n",  # its second half
        f"sk-or-v1-{SECRET}\n",
        f"{SECRET}==\n",
        f"OPENROUTER_API_KEY sk-{SECRET}\n",
        f"OPENROUTER_API_KEY: sk-{SECRET}\n",
        f'OPENROUTER_API_KEY="sk-{SECRET}\n',
        f"OPENROUTER_API_KEI=sk-{SECRET}\n",
    ],
)
def test_a_line_that_may_hold_a_key_is_told_by_its_number(
    text: str, env_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    env_file.write_text(text)
    assert checks.read()[0] is not None
    said = [check.line for check in checks.names([])]
    assert any(f"line {text.count(chr(10))}" in line for line in said)
    assert SECRET not in "".join(said).lower() + caplog.text
    assert not caplog.records  # the library's own words for it


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["MAX_COST_USD_PER_DY"], "MAX_COST_USD_PER_DAY"),
        (["OPENROUTER_KEY"], "OPENROUTER_API_KEY"),
        (["REDIS_URI"], "REDIS_URL"),
        (["REDIS_URI", "REDIS_URL"], None),  # another program's
        (["PORTS", "HOSTNAME", "LOG_FILES", "PATH"], None),
    ],
)
def test_a_name_of_the_environment_is_said_when_it_may_be_ours(
    names: list[str], meant: str | None
) -> None:
    remedies = [check.remedy for check in checks.names(names)]
    assert remedies == ([f"Is {meant} meant?"] if meant else [])
