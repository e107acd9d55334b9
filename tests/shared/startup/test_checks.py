"""What is looked at before a start: settings, the key, folders, authorities."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared.errors import Misconfigured
from shared.settings.check import Check
from shared.settings.settings import Settings
from shared.startup import checks

SECRET = "c4naryc4nary"


def read(monkeypatch: pytest.MonkeyPatch, **env: str) -> tuple[Check, ...]:
    """What is said of these settings."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    settings, found = checks.read()
    assert (settings is None) == bool(found)
    assert all(check.level == "bad" for check in found)
    return found


def line(monkeypatch: pytest.MonkeyPatch, **env: str) -> str:
    (check,) = read(monkeypatch, **env)
    return check.line


MALFORMED = {
    "OPENROUTER_API_KEY": [
        f"sk-{SECRET}\nx",
        f"\u201c{SECRET}\u201d",
        f"Bearer {SECRET}",
        f"{SECRET}\u0430",
    ],
    "OPENROUTER_BASE_URL": [SECRET, f"https://u:{SECRET}@h/v1", f"https://h:{SECRET}"],
    "UPSTREAM_PROXY": [SECRET, f"http://u:{SECRET}/@h", f"https://u:{SECRET}@h"],
    "REDIS_URL": [SECRET, f"redis://:{SECRET}/@h/0", f"mysql://u:{SECRET}@h"],
    # set under the wrong name
    **{
        name: [f"sk-{SECRET}"]
        for name in Settings.model_fields
        if not isinstance(Settings.model_fields[name].default, str | Path | tuple)
        and not name.endswith(("_file", "_key", "_url", "_proxy", "_referer"))
    },
    "UPSTREAM_KIND": [SECRET],
    "LOG_LEVEL": [SECRET],
    "MODELS_FILTER": [SECRET],
    "APP_TITLE": [f"{SECRET}\u00e4"],
    "APP_REFERER": [f"{SECRET}\n"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in MALFORMED.items() for value in values],
)
def test_no_value_that_may_be_a_secret_is_in_what_is_said(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "APP_REFERER":
        value = f"x\n{SECRET}"  # line ends around are cut off
    said = line(monkeypatch, **{name.upper(): value})
    assert said.startswith(f"{name.upper()}: ")
    assert SECRET not in said
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert SECRET not in str(refused.value)


def test_settings_do_not_show_what_is_secret() -> None:
    settings = Settings(
        openrouter_api_key=SecretStr(SECRET),
        openrouter_api_key_file=Path(SECRET),
        upstream_proxy=f"http://u:{SECRET}@proxy:1",
        redis_url=f"redis://:{SECRET}@h",
    )
    assert SECRET not in f"{settings!r} {settings}"
    assert set(settings.secrets()) == {SECRET}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "99999", "99999 must be less than or equal to 65535."),
        ("PORT", "-1", "-1 must be greater than or equal to 0."),
        ("PORT", "80a", "it must be a whole number."),
        ("MAX_CALLS", "1.5", "must be a whole number."),
        ("MAX_CALLS", "9" * 30, "must be less than or equal to 1000000000000."),
        ("MAX_CONCURRENCY", "0", "0 must be greater than 0."),
        ("MAX_CONCURRENCY", "1000000", "must be less than or equal to 100000."),
        ("FREE_CALLS_PER_DAY", "-5", "-5 must be greater than 0."),
        ("MAX_COST_USD", "nan", "nan must be less than or equal to 1000000."),
        ("MAX_COST_USD", "inf", "inf must be less than or equal to 1000000."),
        ("KEEP_RUNS_DAYS", "inf", "inf must be less than or equal to 36500."),
        ("KEEP_RUNS_DAYS", "1e-9", "1e-9 must be greater than or equal to 0.001."),
        ("RESULTS_KEEP_DAYS", "inf", "inf must be less than or equal to 36500."),
        ("RESULTS_MAX_GIB", "inf", "inf must be less than or equal to 1000000."),
        ("LEASE_S", "0.0001", "0.0001 must be greater than or equal to 0.01."),
        ("ALLOW_VOLATILE", "perhaps", "it must be true or false."),
        ("UPSTREAM_KIND", "azure", "it must be 'auto', 'openrouter' or 'openai'."),
    ],
)
def test_a_value_out_of_range_is_said_with_its_name_and_its_range(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said in line(monkeypatch, **{name: value})


def test_everything_that_is_wrong_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, PORT="x", REDIS_URL="x", OPENROUTER_API_KEY="a b")
    assert [c.name for c in found] == ["OPENROUTER_API_KEY", "REDIS_URL", "PORT"]


def test_settings_that_exclude_each_other_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = checks.lease(Settings(reaper_tick_s=20))
    assert check.level == "bad"
    assert "LEASE_S=15 is not more than REAPER_TICK_S=20" in check.line
    said = line(monkeypatch, LEASE_S="5")
    assert "LEASE_S=5 is less than twice HEARTBEAT_S=5" in said


def test_a_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert Settings().log_level == "DEBUG"


# -- the key, folders, authorities -----------------------------------------------------


@pytest.mark.parametrize(
    ("held", "level", "said"),
    [
        (f"  {SECRET}\n".encode(), "ok", "there is one"),
        (b"\xef\xbb\xbf" + SECRET.encode(), "ok", "there is one"),
        (b" \n", "warn", "is empty"),
        (f"{SECRET}\n{SECRET}".encode(), "bad", "more than one line"),
        (b"\xff\xfe" + SECRET.encode("utf-16-le"), "bad", "is no text"),
        (None, "bad", "cannot be read (No such file or directory)"),
    ],
)
def test_a_key_file_is_looked_into(
    held: bytes | None, level: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / f"key-{SECRET}"
    if held is not None:
        path.write_bytes(held)
    check = checks.key(Settings(openrouter_api_key_file=path))
    assert (check.level, said in check.line) == (level, True)
    assert SECRET not in check.line  # neither the key nor the path, which may be it


@pytest.mark.parametrize("path", ["/dev/zero", "/", f"sk-{SECRET}\0"])
def test_what_is_no_file_of_a_key_is_a_sentence(path: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Settings(openrouter_api_key_file=Path(path)).api_key()
    assert SECRET not in str(wrong.value)


def test_of_two_keys_one_is_not_read(tmp_path: Path) -> None:
    settings = Settings(
        openrouter_api_key=SecretStr("sk-1"), openrouter_api_key_file=tmp_path
    )
    assert checks.key(settings).level == "warn"


def test_no_key_is_a_warning_where_one_is_needed() -> None:
    assert checks.key(Settings()).level == "warn"
    other = Settings(openrouter_base_url="http://127.0.0.1:1/v1")
    assert checks.key(other).level == "ok"


@pytest.mark.parametrize("name", ["results_dir", "spool_dir"])
@pytest.mark.parametrize(
    ("below", "said"),
    [("file", "Not a directory"), ("file/deep/er", "Not a directory")],
)
def test_a_folder_that_cannot_be_written_to_is_a_sentence(
    name: str, below: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    others = {"results_dir": tmp_path / "r", "spool_dir": tmp_path / "s"}
    settings = Settings(**others | {name: tmp_path / below})  # type: ignore[arg-type]
    check = getattr(checks, name)(settings)
    assert check.level == "bad"
    assert f"{tmp_path / below} cannot be written to ({said})" in check.line


@pytest.mark.parametrize("path", ["/proc/results", "/sys/results"])
def test_a_file_system_that_takes_no_files_is_seen(path: str) -> None:
    if Path("/proc/self").exists():
        assert checks.results_dir(Settings(results_dir=Path(path))).level == "bad"


def test_a_folder_that_does_not_exist_yet_is_not_made_by_looking(
    tmp_path: Path,
) -> None:
    settings = Settings(results_dir=tmp_path / "a" / "b", spool_dir=tmp_path / "s")
    seen = checks.results_dir(settings), checks.spool_dir(settings)
    assert [check.level for check in seen] == ["ok", "ok"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spool", ["results", ".", "results/../results"])
def test_results_may_not_lie_where_rows_are_kept_for_a_while(
    spool: str, tmp_path: Path
) -> None:
    settings = Settings(results_dir=tmp_path / "results", spool_dir=tmp_path / spool)
    assert checks.spool_dir(settings).level == "bad"


def test_the_api_wants_to_read_results_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, level in [("none", "ok"), (".", "ok"), ("file", "bad")]:
        settings = Settings(results_dir=tmp_path / name)
        assert checks.results_seen(settings).level == level


@pytest.mark.parametrize("held", [None, b"", b"no certificate", b"\xff\x00"])
def test_authorities_that_cannot_be_used_are_a_sentence(
    held: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    if held is not None:
        path.write_bytes(held)
    check = checks.ca_file(Settings(upstream_ca_file=path))
    assert check.level == "bad"
    assert f"{path} cannot be used" in check.line
    assert "PEM" in check.line


def test_every_check_can_also_say_that_all_is_well(tmp_path: Path) -> None:
    settings = Settings(results_dir=tmp_path, spool_dir=tmp_path / "spool")
    assert checks.ca_file(settings).line == (
        "UPSTREAM_CA_FILE: the system's authorities are trusted."
    )
    assert "can be written to" in checks.results_dir(settings).line
