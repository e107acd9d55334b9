"""The image and the composition, as far as they can be checked without an engine."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings.settings import Settings
from tests.api.server import serving

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name in SERVICES if name != "redis")


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [
        " ".join(line.split()[1:])
        for line in joined.splitlines()
        if line.startswith(f"{name} ")
    ]


def images() -> list[str]:
    """Those that are pulled where nobody names another one."""
    bases = [line.partition("=")[2] for line in instructions("ARG")]
    pulled = [s["image"] for s in SERVICES.values() if "build" not in s]
    return bases + [image.partition(":-")[2].rstrip("}") for image in pulled]


def test_the_dockerfile_passes_its_linter() -> None:
    said = subprocess.run(
        [BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True
    )
    assert (said.returncode, said.stdout) == (0, "")


def test_the_composition_fits_the_compose_specification() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    said = subprocess.run(
        [BIN / "check-jsonschema", *schema, ROOT / "docker-compose.yml"],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout


def composed(**env: str) -> dict[str, Any]:
    """The composition as the engine would get it."""
    said = subprocess.run(
        [BIN / "docker-compose", "--profile", "*", "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="Compose is installed there alone")
def test_what_a_person_sets_rules_the_composition() -> None:
    services = composed()["services"]
    api = services["api"]
    assert api["ports"][0]["published"] == "8000"
    assert api["environment"]["OPENROUTER_API_KEY_FILE"] == ""
    assert api["volumes"][0]["source"] == str(ROOT / "results")
    given = {"PORT": "9000", "RESULTS_DIR": "/srv/results", "RUN_AS": "7:7"}
    services = composed(**given, OPENROUTER_API_KEY_FILE="key.txt")["services"]
    api, worker = services["api"], services["worker"]
    assert (api["ports"][0]["published"], api["ports"][0]["target"]) == ("9000", 8000)
    for service in (api, worker):
        assert service["volumes"][0]["source"] == "/srv/results"
        assert service["user"] == "7:7"
        assert service["environment"]["OPENROUTER_API_KEY_FILE"] == (
            "/run/secrets/" + service["secrets"][0]["source"]
        )


@pytest.mark.skipif(sys.platform != "linux", reason="Compose is installed there alone")
def test_upstreams_of_a_file_reach_who_asks_them() -> None:
    """Without one an empty file is mounted, of which nothing is said to them."""
    for given, file, told in (
        ({}, "/dev/null", ""),
        ({"UPSTREAMS_FILE": "some.toml"}, str(ROOT / "some.toml"), True),
    ):
        found = composed(**given)
        (config,) = found["configs"].values()
        assert config["file"] == file
        for name in ("api", "worker"):
            service = found["services"][name]
            (mounted,) = service["configs"]
            named = service["environment"]["UPSTREAMS_FILE"]
            assert named == (mounted["target"] if told else "")


@pytest.mark.parametrize("image", images())
def test_every_image_is_named_with_a_version(image: str) -> None:
    assert re.fullmatch(r"[a-z]+:\d[\w.-]*", image)


def test_what_is_copied_exists_and_is_let_through_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored


def test_every_package_is_in_the_image() -> None:
    copied = {source for line in instructions("COPY") for source in line.split()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    assert {name.split(".")[0] for name in packages} | {"examples"} <= copied


def test_packages_are_installed_from_the_hashed_lock_alone() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    theirs, ours = installs
    assert "--require-hashes" in theirs
    assert "--only-binary :all:" in theirs
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(ours.split())


def test_the_image_does_not_run_as_root() -> None:
    assert instructions("USER") == ["10001:10001"]
    after = DOCKERFILE.rpartition("USER")[2]
    assert not re.search(r"^(RUN|COPY|ADD|FROM) ", after, re.MULTILINE)


def test_no_secret_can_get_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert not [line for line in ignored if line.startswith("!.env")]
    assert "KEY" not in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_a_service_is_a_module_of_ours(name: str) -> None:
    python, dash_m, module, *_ = SERVICES[name]["command"]
    assert (python, dash_m) == ("python", "-m")
    assert find_spec(f"{module}.__main__")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("user", "image").split(":")[0] not in ("0", "root")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_says_whether_it_is_healthy(name: str) -> None:
    check = SERVICES[name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    assert check[1] in ("sh", "bash", "redis-cli"), "a Python takes a core to start"


def check_of(name: str, *changed: tuple[str, str]) -> int:
    """The exit code of a service's health check, here."""
    command = [
        part.replace("$$", "$") for part in SERVICES[name]["healthcheck"]["test"]
    ]
    for was, now in changed:
        command = [part.replace(was, now) for part in command]
    return subprocess.run(command[1:], stderr=subprocess.DEVNULL).returncode


def test_the_checks_of_servers_ask_them_by_a_socket() -> None:
    settings = Settings(openrouter_base_url="http://127.0.0.1:9/v1")
    with serving(settings) as api:
        port = api.url.rpartition(":")[2]
        assert check_of("api", ("8000", port)) == 0
        assert check_of("api", ("8000", port), ("/health", "/nothing")) != 0
        asked = ("/api/v1/models", "/health")
        assert check_of("simulator", ("8001", port), asked) == 0
    assert check_of("api", ("8000", port)) != 0, "it has ended"


def test_the_check_of_a_worker_is_the_age_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    told = SERVICES["worker"]["environment"]["HEARTBEAT_FILE"]
    assert check_of("worker", (told, str(file))) != 0
    file.touch()
    assert check_of("worker", (told, str(file))) == 0
    os.utime(file, (file.stat().st_mtime - 40,) * 2)
    assert check_of("worker", (told, str(file))) != 0
    assert Settings.model_fields["lease_s"].default * 2 == 30


@pytest.mark.parametrize("name", OURS)
def test_only_settings_that_exist_are_set(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}
    asked = {
        "LLMBENCH_URL"
    }  # of the terminal, in `docker compose run api llmbench ...`
    assert set(SERVICES[name].get("environment", ())) - asked <= known


def test_the_settings_in_the_image_exist() -> None:
    known = {field.upper() for field in Settings.model_fields}
    named = {pair.split("=")[0] for pair in " ".join(instructions("ENV")).split()}
    assert named - {"PATH", "PYTHONUNBUFFERED", "HOME"} <= known


def test_only_the_api_is_published_and_only_on_this_machine() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published == {"api": ["127.0.0.1:${PORT:-8000}:8000"]}
    assert SERVICES["api"]["environment"]["PORT"] == "8000"


def test_workers_can_be_scaled() -> None:
    worker = SERVICES["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker


def test_a_worker_gets_longer_to_stop_than_its_calls_get_to_end() -> None:
    grace = SERVICES["worker"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > Settings.model_fields["drain_s"].default


@pytest.mark.parametrize("name", ["api", "worker"])
def test_who_needs_the_store_waits_for_it(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert SERVICES[name]["environment"]["REDIS_URL"] == "redis://redis:6379/0"


def test_the_store_writes_to_a_volume_and_never_forgets_to_make_room() -> None:
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    (volume,) = SERVICES["redis"]["volumes"]
    assert (volume["source"], volume["target"]) == ("store", "/data")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_memory_and_what_is_logged_have_limits(name: str) -> None:
    assert re.search(r"\dg\}?$", SERVICES[name]["mem_limit"])
    assert SERVICES[name]["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


@pytest.mark.parametrize("name", OURS)
def test_a_model_server_of_this_machine_can_be_asked(name: str) -> None:
    assert SERVICES[name]["extra_hosts"] == ["host.docker.internal:host-gateway"]


def test_every_volume_is_declared_and_used() -> None:
    volumes = [volume for s in SERVICES.values() for volume in s["volumes"]]
    named = {each["source"] for each in volumes if each["type"] == "volume"}
    assert named == set(COMPOSE["volumes"])
    assert [e["target"] for e in volumes if e["type"] == "bind"] == [
        "/data/results" for _ in OURS
    ]


def test_folders_that_are_written_are_for_whoever_runs_it() -> None:
    made = next(line for line in instructions("RUN") if line.startswith("install -d"))
    assert "-m 1777" in made
    for volume in SERVICES["api"]["volumes"]:
        assert volume["target"] in made


def test_the_simulator_starts_only_when_it_is_asked_for() -> None:
    assert SERVICES["simulator"]["profiles"] == ["simulate"]
    assert [name for name, s in SERVICES.items() if "profiles" in s] == ["simulator"]
