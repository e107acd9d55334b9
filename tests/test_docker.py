"""The image and the composition, as far as they can be checked without an engine."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings.settings import Settings

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
    bases = [line.split()[0] for line in instructions("FROM")]
    pulled = [s["image"] for s in SERVICES.values() if "build" not in s]
    return bases + pulled


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
    assert {"api", "cli", "shared", "simulator", "worker", "examples"} <= copied


def test_packages_are_installed_from_the_hashed_lock_alone() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]


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
    if check[1:3] == ["python", "-c"]:
        compile(check[3], "healthcheck", "exec")


@pytest.mark.parametrize("name", OURS)
def test_only_settings_that_exist_are_set(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}
    assert set(SERVICES[name].get("environment", ())) <= known


def test_the_settings_in_the_image_exist() -> None:
    known = {field.upper() for field in Settings.model_fields}
    named = {pair.split("=")[0] for pair in " ".join(instructions("ENV")).split()}
    assert named - {"PATH", "PYTHONUNBUFFERED", "HOME"} <= known


def test_only_the_api_is_published_and_only_on_this_machine() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


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
    assert SERVICES["redis"]["volumes"] == ["store:/data"]


def test_every_volume_is_declared_and_used() -> None:
    used = {volume.split(":")[0] for s in SERVICES.values() for volume in s["volumes"]}
    assert used == set(COMPOSE["volumes"])


def test_folders_that_are_written_belong_to_the_image_s_user() -> None:
    made = next(line for line in instructions("RUN") if line.startswith("install -d"))
    assert "-o 10001" in made
    for volume in SERVICES["api"]["volumes"]:
        assert volume.split(":")[1] in made


def test_the_simulator_starts_only_when_it_is_asked_for() -> None:
    assert SERVICES["simulator"]["profiles"] == ["simulate"]
    assert [name for name, s in SERVICES.items() if "profiles" in s] == ["simulator"]
