"""`dev.py` and the locks that it installs from."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[1]
DEV = ROOT / "dev.py"
PINNED = re.compile(r"^([a-z0-9-]+)==([^ ]+)( ;.*)? \\$", re.MULTILINE)


class Ran(Exception):
    """Something was about to be installed."""


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return {match[1]: match[2] for match in PINNED.finditer(text)}


def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        text=True,
        env=os.environ | env,
    )


@pytest.mark.parametrize("name", [dev.RUNTIME, dev.FULL])
def test_a_lock_pins_by_hash_and_names_no_host(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    assert len(pins(name)) > 20
    for line in lines:
        assert PINNED.match(line) or line.startswith("    --hash=sha256:"), line


def test_tests_run_with_the_versions_that_users_run() -> None:
    assert pins(dev.RUNTIME).items() <= pins(dev.FULL).items()


def test_what_only_tests_need_is_not_installed_for_users() -> None:
    assert not {"pytest", "mypy", "fakeredis", "opentelemetry-sdk"} & set(
        pins(dev.RUNTIME)
    )


def test_dev_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(DEV.read_text("utf-8"))
    modules = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names


def test_the_makefile_has_each_target_and_no_other() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert phony[1].split() == list(dev.TARGETS)
    assert f"\n{phony[1]}:\n" in text


def test_without_a_target_it_lists_them() -> None:
    said = run(str(DEV))
    assert said.returncode == 1
    for name in dev.TARGETS:
        assert f"\n  {name} " in said.stderr


@pytest.mark.parametrize(
    ("pretend", "sentence"),
    [
        ("sys.version_info = (3, 9, 1)", "Python 3.11 or later is needed"),
        ("sys.platform = 'win32'", "run this in WSL, or use `docker compose up`"),
    ],
)
def test_where_it_cannot_work_it_says_so(pretend: str, sentence: str) -> None:
    program = (
        "import pathlib, runpy, shutil, subprocess, sys\n"
        f"sys.argv = ['dev.py', 'test']; {pretend}\n"
        f"runpy.run_path({str(DEV)!r}, run_name='__main__')\n"
    )
    said = run("-c", program, PATH="")
    assert said.returncode == 1
    assert sentence in said.stderr


def test_an_old_python_hands_over_to_a_newer_one_of_the_machine(
    tmp_path: Path,
) -> None:
    newer = tmp_path / "python3.13"
    newer.write_text('#!/bin/sh\necho "newer got $2"\n')
    newer.chmod(0o755)
    program = (
        "import runpy, sys\n"
        "sys.argv = ['dev.py', 'demo']; sys.version_info = (3, 9, 1)\n"
        f"runpy.run_path({str(DEV)!r}, run_name='__main__')\n"
    )
    said = run("-c", program, PATH=str(tmp_path))
    assert said.stdout == "newer got demo\n"


def test_an_unchanged_lock_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "installed.json"
    monkeypatch.setattr(dev, "INSTALLED", marker)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))

    def run(*command: str) -> None:
        raise Ran

    monkeypatch.setattr(dev, "run", run)
    have = {"root": str(ROOT), dev.RUNTIME: dev.hash_of(dev.RUNTIME)}
    marker.write_text(json.dumps(have))
    dev.install(dev.RUNTIME)
    with pytest.raises(Ran):
        dev.install(dev.FULL)
