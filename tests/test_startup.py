"""Every way to start a process with settings that are wrong: sentences, code 2, and no
traceback and no secret in what it prints."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.children import CANARY

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

ENTRIES = {
    "python -m api": [sys.executable, "-m", "api", "--port", "0"],
    "uvicorn": [sys.executable, "-m", "uvicorn", "api.main:app", "--port", "0"],
    "python -m worker": [sys.executable, "-m", "worker"],
    "arq": [str(BIN / "arq"), "worker.main.WorkerSettings"],
    "worker.ended": [sys.executable, "-m", "worker.ended", "x"],
    "llmbench up": [sys.executable, "-m", "cli", "up"],
    "llmbench demo": [sys.executable, "-m", "cli", "demo"],
    "llmbench run": [sys.executable, "-m", "cli", "run", "absent.yaml"],
}


def run(name: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    given = {
        "PYTHONPATH": str(ROOT),
        "RESULTS_DIR": str(folder / "results"),
        "SPOOL_DIR": str(folder / "spool"),
        "LOG_FILE": str(folder / "server_logs.txt"),
        **env,
    }
    ended = subprocess.run(
        ENTRIES[name],
        cwd=folder,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    log = folder / "server_logs.txt"
    told = ended.stdout + ended.stderr + (log.read_text() if log.exists() else "")
    assert CANARY not in told
    assert "canary" not in told  # nor half of it
    assert "Traceback" not in told
    assert "pydantic" not in told
    return ended


@pytest.mark.parametrize("name", ENTRIES)
def test_a_secret_that_is_malformed_is_named_and_not_shown(
    name: str, tmp_path: Path
) -> None:
    ended = run(
        name,
        tmp_path,
        OPENROUTER_API_KEY=f"{CANARY}\n{CANARY}",
        OPENROUTER_BASE_URL=f"https://{CANARY}@h/v1",
        UPSTREAM_PROXY=f"http://u:{CANARY}/@h:1",
        REDIS_URL=f"redis://:{CANARY}/@127.0.0.1:1/0",
        UPSTREAM_KIND=CANARY,
        PORT=CANARY,
    )
    assert ended.returncode == 2
    lines = ended.stderr.splitlines()
    assert len(lines) == 6
    for wrong in (
        *("OPENROUTER_API_KEY: it has more than one line", "OPENROUTER_BASE_URL: "),
        *("UPSTREAM_PROXY: ", "REDIS_URL: ", "UPSTREAM_KIND: it must be", "PORT: "),
    ):
        assert sum(wrong in line for line in lines) == 1, ended.stderr


@pytest.mark.parametrize("name", ["python -m worker", "llmbench up"])
def test_what_is_needed_and_missing_is_said_before_anything_is_opened(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = run(
        name,
        tmp_path,
        REDIS_URL="redis://127.0.0.1:1",
        RESULTS_DIR=str(tmp_path / "file"),
        UPSTREAM_CA_FILE=str(tmp_path / "file"),
        OPENROUTER_API_KEY_FILE=CANARY,  # the key itself, under the wrong name
    )
    assert ended.returncode == 2
    for wrong in ("RESULTS_DIR: ", "UPSTREAM_CA_FILE: ", "OPENROUTER_API_KEY: "):
        assert wrong in ended.stderr


@pytest.mark.parametrize("name", ["uvicorn", "python -m worker", "arq"])
def test_a_wrong_password_of_the_store_ends_it(
    name: str, tmp_path: Path, store_url: str
) -> None:
    url = store_url.replace("unix://", f"unix://nobody:{CANARY}@")
    ended = run(name, tmp_path, REDIS_URL=url)
    assert ended.returncode == 2
    refused = [line for line in ended.stderr.splitlines() if " refuses us (" in line]
    assert len(refused) == 1
    assert "Correct the user, the password" in refused[0]


@pytest.mark.parametrize("text", ["PORT=1\n", "MAX_COST_UDS=5\n"])
def test_an_env_file_that_is_wrong_is_said_by_the_terminal_s_face(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(text, "utf-16" if "PORT" in text else "utf-8")
    ended = run("llmbench run", tmp_path)
    first = ended.stderr.splitlines()[0]
    if "PORT" in text:
        assert (ended.returncode, first.startswith(".env: it is not UTF-8")) == (
            2,
            True,
        )
    else:
        assert first.endswith("Is MAX_COST_USD meant?")
        assert "absent.yaml" in ended.stderr


def test_a_port_that_another_process_holds_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ENTRIES["taken"] = [*ENTRIES["python -m api"][:-1], str(port)]
        ended = run("taken", tmp_path)
    assert ended.returncode == 1  # the other one may end by itself
    assert f"Port {port} is in use by " in ended.stderr.splitlines()[-1]


def test_a_host_that_is_nowhere_is_a_sentence(tmp_path: Path) -> None:
    ended = run("python -m api", tmp_path, HOST="no-such.invalid")
    assert ended.returncode == 2
    assert "HOST=no-such.invalid cannot be found" in ended.stderr.splitlines()[-1]


def test_a_health_check_with_wrong_settings_says_what_is_wrong(tmp_path: Path) -> None:
    ENTRIES["check"] = [*ENTRIES["python -m worker"], "--check"]
    for env, said in [({"PORT": "x"}, "PORT: "), ({}, "REDIS_URL: a worker needs")]:
        ended = run("check", tmp_path, **env)
        assert (ended.returncode, ended.stderr.startswith(said)) == (1, True)
