"""`llmbench up` with all its real processes: started, hurt, and stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import yaml

from cli import exits
from cli.commands.machine import up as cli_up
from cli.stack import Stack, cores, workers_for
from shared.settings import Settings
from shared.startup.ports import free_port
from tests.cli.stack_up import LLMBENCH, ROOT, Up

WORKERS = workers_for(cores())


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that several tests use; each leaves it as healthy as it found it."""
    stack = Up(tmp_path_factory.mktemp("up"))
    stack.until_ready()
    yield stack
    assert_nothing_is_left(stack, signal.SIGTERM, 0)


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=20)
    return all(p.status() == psutil.STATUS_ZOMBIE for p in alive)


def test_it_says_of_each_part_that_it_is_ready_and_that_is_true(up: Up) -> None:
    said = up.text()
    numbered = [f"worker {number}" for number in range(1, WORKERS + 1)]
    for part in ("store", "simulator", "api", *numbered):
        assert re.search(rf"^{part} +ready", said, re.MULTILINE)
    assert f"workers  {WORKERS} for the {cores()} cores" in said
    assert httpx.get(f"{up.url}/health/ready").status_code == 200
    assert len(up.running("worker")) == WORKERS


def test_a_second_stack_in_the_same_folder_is_refused(up: Up) -> None:
    said = up.ask("up", "--simulate", "--port", str(free_port()))
    assert said.returncode == 1
    assert "A stack already runs in .llmbench" in said.stderr
    assert f"(process {up.process.pid}, {up.url})" in said.stderr
    assert "--data-dir DIR" in said.stderr
    assert httpx.get(f"{up.url}/health").status_code == 200


def test_a_taken_port_is_said_before_anything_starts(up: Up, tmp_path: Path) -> None:
    other = ("--data-dir", str(tmp_path / "other"))
    said = up.ask("up", "--simulate", "--port", str(up.port), *other)
    assert said.returncode == 1
    assert f"Port {up.port} is in use by " in said.stderr
    assert f"--port {up.port + 1}" in said.stderr
    assert said.stdout == ""


def test_a_worker_that_is_killed_is_started_again(up: Up) -> None:
    victim = up.running("worker")[0]
    before = up.text().count("is ready again")
    victim.kill()
    up.until(lambda: up.text().count("is ready again") > before)
    assert re.search(r"worker \d was killed by SIGKILL; starting it again", up.text())
    assert len(up.running("worker")) == WORKERS
    assert victim.pid not in [worker.pid for worker in up.running("worker")]


def test_a_store_that_is_killed_is_started_again_with_its_data(up: Up) -> None:
    submitted = httpx.post(
        f"{up.url}/benchmark",
        files={"prompt_file": ("p.txt", b"one\n")},
        data={"model": "acme/swift-8b:free", "runs": "1"},
    )
    time.sleep(1.1)  # it writes to the disk every second
    servers = [p for p in up.parts() if p.name().endswith("-server")]
    servers[0].kill()
    up.until(lambda: "store    ended; starting it again" in up.text())
    up.until(lambda: httpx.get(f"{up.url}/health/ready").status_code == 200)
    job = f"{up.url}{submitted.headers['location']}"
    up.until(lambda: bool(httpx.get(job).json().get("status") == "done"))


def test_a_file_of_prompts_is_benchmarked_from_the_terminal(up: Up) -> None:
    (up.folder / "prompts.txt").write_text("Hello\nПривет\n")
    args = ("run", "prompts.txt", "--model", "acme/swift-8b:free", "--runs", "2")
    said = up.ask(*args, "--url", up.url)
    # what the verdict makes of it is this machine's affair
    is_invalid = "Verdict: invalid" in said.stdout
    assert said.returncode == is_invalid, said.stdout + said.stderr
    assert re.search(r"acme/swift-8b:free +4/4 +\d+\.?\d* ms", said.stdout)
    assert "Verdict: " in said.stdout
    job_id = said.stdout.split()[0].rstrip(":")
    listed = up.ask("list", "--url", up.url)
    assert f"{job_id}\tdone\t4 of 4" in listed.stdout
    shown = up.ask("show", job_id, "--url", up.url)
    assert "acme/swift-8b:free" in shown.stdout


def test_models_are_listed_on_the_terminal(up: Up) -> None:
    said = up.ask("models", "--url", up.url)
    assert "acme/swift-8b:free" in said.stdout
    assert "acme/orca-pro" not in said.stdout
    assert (
        "acme/orca-pro" in up.ask("models", "--filter", "all", "--url", up.url).stdout
    )


def test_a_problem_is_its_sentence(up: Up) -> None:
    said = up.ask("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--url", up.url)
    assert said.returncode == exits.USAGE
    assert said.stderr.startswith("There is no benchmark 01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_a_benchmark_is_cancelled_from_the_terminal(up: Up) -> None:
    submitted = httpx.post(
        f"{up.url}/benchmark",
        files={"prompt_file": ("p.txt", b"one\n")},
        data={"model": "acme/swift-8b:free", "runs": "5000", "concurrency": "1"},
    ).json()
    said = up.ask("cancel", submitted["job_id"], "--url", up.url)
    assert said.returncode == 0, said.stderr
    job = f"{up.url}/benchmark/{submitted['job_id']}"
    up.until(lambda: bool(httpx.get(job).json()["status"] == "cancelled"))


def test_the_composition_s_health_checks_hold_here(up: Up) -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    told = composed["worker"]["environment"]["HEARTBEAT_FILE"]
    beside = {told: str(up.folder / "alive"), "/8000": f"/{up.port}"}
    for name in ("api", "worker"):
        command = composed[name]["healthcheck"]["test"][1:]
        for there, here in beside.items():
            command = [part.replace(there, here) for part in command]
        command = [part.replace("$$", "$") for part in command]
        checked = subprocess.run(command, capture_output=True)
        assert checked.returncode == 0, checked.stderr


def test_a_worker_of_this_host_is_found_by_check(up: Up) -> None:
    store = {"PYTHONPATH": str(ROOT), "REDIS_URL": f"unix://{up.socket()}?db=0"}
    checked = subprocess.run(
        [sys.executable, "-m", "worker", "--check"],
        env=os.environ | store,
        cwd=up.folder,
        capture_output=True,
    )
    assert checked.returncode == 0, checked.stderr


def test_without_an_api_a_command_says_how_to_start_one(tmp_path: Path) -> None:
    said = subprocess.run(
        [*LLMBENCH, "list", "--url", f"http://127.0.0.1:{free_port()}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert said.returncode == exits.UNREACHABLE
    assert "Start one with `llmbench up`" in said.stderr


def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=99999\n")
    said = subprocess.run(
        [*LLMBENCH, "up"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert said.returncode == 2
    assert said.stderr.startswith("PORT: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_nothing_is_left(
    number: signal.Signals, tmp_path: Path
) -> None:
    if number is signal.SIGKILL and sys.platform != "linux":
        return  # nothing tells a child elsewhere; the next start ends the old store
    stack = Up(tmp_path)
    stack.until_ready()
    assert len(stack.parts()) >= 5
    code = -signal.SIGKILL if number is signal.SIGKILL else 0
    assert_nothing_is_left(stack, number, code)


def assert_nothing_is_left(stack: Up, number: signal.Signals, code: int) -> None:
    parts, socket = stack.parts(), stack.socket()
    stack.process.send_signal(number)
    assert stack.process.wait(60) == code
    assert gone(parts)
    left = (stack.folder / ".llmbench" / "address").exists()
    assert left == (number is signal.SIGKILL)
    said = stack.ask("list")  # and one that was left is not believed
    assert said.returncode == exits.UNREACHABLE
    assert "No stack runs in this folder" in said.stderr
    if number is signal.SIGKILL:
        socket.parent.rmdir()  # empty, and otherwise left to the next start
    assert not socket.parent.exists()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{stack.url}/health")


def test_a_signal_while_it_starts_ends_it_as_cleanly(tmp_path: Path) -> None:
    stack = Up(tmp_path)
    stack.until(lambda: "simulator ready" in stack.text())
    parts, socket = stack.parts(), stack.socket()
    stack.process.terminate()
    assert stack.process.wait(60) == 0
    assert gone(parts)
    assert not socket.exists()


def test_a_second_interrupt_waits_for_nobody(tmp_path: Path) -> None:
    stack = Up(tmp_path)
    stack.until_ready()
    parts = stack.parts()
    stack.running("worker")[0].suspend()  # it will not end when it is asked to
    stack.process.send_signal(signal.SIGINT)
    stack.until(lambda: "Stopping..." in stack.text())
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(30) == 0  # a single interrupt gives 40 s
    assert gone(parts)


def test_port_0_is_a_free_one_that_is_known_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def run(stack: Stack, *_: object) -> int:
        found.append(stack.url)
        return 0

    monkeypatch.setattr(cli_up, "run", run)
    settings = Settings(results_dir=tmp_path, spool_dir=tmp_path / "spool")
    code = cli_up.stay_up(
        settings,
        host=None,
        port=0,
        workers=1,
        simulate=True,
        data_dir=tmp_path / "data",
        opens=False,
    )
    assert code == 0
    assert int(found[0].rpartition(":")[2]) > 0


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "linux", False),
        (
            {"DISPLAY": ":10", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"},
            "linux",
            False,
        ),
    ],
)
def test_pages_are_opened_only_before_somebody_s_screen(
    environ: dict[str, str],
    platform: str,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli_up.has_display(environ, platform) is expected
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not cli_up.has_display(environ, platform)
