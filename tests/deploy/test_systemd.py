"""The units, as far as systemd checks them without starting any."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.settings.settings import Settings
from shared.startup.start import WRONG

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
PYTHON = "/opt/llmbench/.venv/bin/python"


def read(unit: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read(unit)
    return parser


def test_there_is_one_for_the_api_and_one_for_any_number_of_workers() -> None:
    assert [u.name for u in UNITS] == [
        "llmbench-api.service",
        "llmbench-worker@.service",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(PYTHON, sys.executable))
    told = subprocess.run(
        [tool, "verify", "--man=no", str(copy)], capture_output=True, text=True
    )
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_starts_a_module_of_ours_and_minds_how_that_ends(unit: Path) -> None:
    service = read(unit)["Service"]
    python, dash_m, module = service["ExecStart"].split()
    assert (python, dash_m) == (PYTHON, "-m")
    assert find_spec(f"{module}.__main__")
    assert service["RestartPreventExitStatus"] == str(WRONG)
    assert service["User"] == "llmbench"


def test_a_worker_gets_longer_to_stop_than_its_calls_get_to_end() -> None:
    service = read(UNITS[1])["Service"]
    assert int(service["TimeoutStopSec"]) > Settings.model_fields["drain_s"].default
    assert service["KillMode"] == "mixed"
    assert os.path.basename(UNITS[1]).endswith("@.service")
