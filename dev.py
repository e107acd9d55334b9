#!/usr/bin/env python3
"""Everything that is done with this checkout: `python3 dev.py NAME` (or `make NAME`).

The standard library only, since it runs before anything is installed. It makes
`.venv` from the hashed lock when that changed, then hands over to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "installed.json"
RUNTIME, FULL = "requirements.txt", "requirements.lock"
COMPILE = ("pip", "compile", "-q", "--universal", "--python-version", "3.11")
HASHED = ("--generate-hashes", "--no-header", "--no-annotate", "--upgrade")

LINT = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("black", "--check", "--quiet", "."),
    ("isort", "--check", "--profile", "black", "."),
    ("mypy",),
)
FORMAT = (
    ("ruff", "check", "--fix", "--quiet", "."),
    ("ruff", "format", "."),
)


def demo(args: list[str]) -> int:
    """a benchmark from end to end against simulated models; no key, no network"""
    install(RUNTIME)
    hand_over("-m", "cli", "demo", *args)


def up(args: list[str]) -> int:
    """the whole stack on this machine, until Ctrl-C; SIMULATE=1: without a key"""
    install(RUNTIME)
    if os.environ.get("SIMULATE", "0") not in ("", "0"):
        args = ["--simulate", *args]
    hand_over("-m", "cli", "up", *args)


def test(args: list[str]) -> int:
    """the test suite; arguments go to pytest, one process then"""
    install(FULL)
    # Hundreds of processes start: what one has compiled, the others need not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if args:
        hand_over("-m", "pytest", *args)
    # Most tests wait most of their time, so two share a core; what measures time has
    # the machine to itself.
    processes = str(2 * (os.cpu_count() or 1))
    together = ("-n", processes, "--dist", "worksteal", "-m", "not long and not alone")
    alone = ("-m", "alone and not long", *those_that_say("pytest.mark.alone"))
    return run_all([("pytest", "--durations=10", *each) for each in (together, alone)])


def those_that_say(mark: str) -> list[str]:
    """Files of tests with this mark: to read all others takes ten seconds."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(file.relative_to(ROOT)) for file in files if mark in file.read_text()]


def faults(args: list[str]) -> int:
    """kills, cuts and outages at length; writes docs/reliability.md (half an hour)"""
    install(FULL)
    hand_over("-m", "tests.faults", *args)


def stats(args: list[str]) -> int:
    """how often a comparison is wrong; writes docs/statistics.md (ten minutes)"""
    install(FULL)
    hand_over("-m", "tests.stats", *args)


def lint(_args: list[str]) -> int:
    """formats, lint and types, without the tests"""
    install(FULL)
    return run_all(LINT)


def bench(args: list[str]) -> int:
    """speed and accuracy beside peers; writes bench/RESULTS.md"""
    install(FULL)
    hand_over("-m", "bench", *args)


def check(args: list[str]) -> int:
    """lint, then the tests"""
    return lint([]) or test(args)


def fmt(_args: list[str]) -> int:
    """put all files into the house's form"""
    install(FULL)
    return run_all(FORMAT)


def lock(_args: list[str]) -> int:
    """choose versions anew, from pyproject.toml into both lock files (needs uv)"""
    uv = shutil.which("uv") or stop("Making the lock needs uv on PATH.")
    compile_ = [uv, *COMPILE, *HASHED, "pyproject.toml"]
    run(*compile_, "--extra", "dev", "-o", FULL)
    # Constrained by the first, so that tests run what users run.
    run(*compile_, "-c", FULL, "-o", RUNTIME)
    return 0


TARGETS = {
    f.__name__: f
    for f in (demo, up, test, faults, stats, check, lint, fmt, bench, lock)
}


def install(wanted: str) -> None:
    """Have `.venv` hold what the lock file `wanted` says; does nothing when it does."""
    need = {"root": str(ROOT), wanted: hash_of(wanted)}
    if wanted == FULL:  # whose packages are a superset
        need[RUNTIME] = hash_of(RUNTIME)
    have = json.loads(INSTALLED.read_text()) if INSTALLED.exists() else {}
    if usable(PYTHON) and need.items() <= have.items():
        return
    uv = shutil.which("uv")
    if not usable(PYTHON):
        make_venv(uv)
    names = (ROOT / wanted).read_text().count("==")
    say(f"Installing about {names} packages into .venv; this is done once...")
    pip = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)] if uv else PIP
    run(*pip, "--require-hashes", "-r", wanted)
    # The build tool is in the lock, so nothing is fetched beside it.
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".")
    INSTALLED.write_text(json.dumps(need))


PIP = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def make_venv(uv: str | None) -> None:
    """Make `.venv` anew with this Python."""
    shutil.rmtree(VENV, ignore_errors=True)
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
        return
    try:
        import ensurepip  # noqa: F401 - Debian keeps it in a package of its own
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        stop(
            f"This Python {version} cannot make virtual environments. On Debian and"
            f" Ubuntu: apt install python3-venv (or python{version}-venv)."
        )
    say("Making .venv...")
    run(sys.executable, "-m", "venv", str(VENV))


def usable(python: Path) -> bool:
    """Whether it is there, runs and is new enough (its system's may be gone)."""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(python), "-c", test]).returncode == 0
    except OSError:
        return False


def hash_of(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def run(*command: str) -> None:
    """Run one step of the installation; stop with its code when it fails."""
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        stop(
            f"{' '.join(command[:4])} ... failed with code {code}; its words are above."
        )


def run_all(commands: Sequence[tuple[str, ...]]) -> int:
    """Run every command, also after one failed; 1 if any did."""
    failed = []
    for command in commands:
        say("$ " + " ".join(command))
        if subprocess.run([str(PYTHON), "-m", *command], cwd=ROOT).returncode:
            failed.append(command[0])
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def hand_over(*args: str) -> NoReturn:
    """Become the venv's Python, so that signals and the exit code are its own."""
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON), *args])


def say(text: str) -> None:
    print(text, flush=True)


def stop(text: str) -> NoReturn:
    raise SystemExit(text)


def newer_python() -> str | None:
    """Another Python of this machine that is new enough."""
    for minor in range(OLDEST[1] + 5, OLDEST[1] - 1, -1):
        path = shutil.which(f"python3.{minor}")
        if path:
            return path
    return None


def main(argv: list[str]) -> int:
    if sys.platform == "win32":
        stop("Windows: run this in WSL, or use `docker compose up`.")
    if sys.version_info < OLDEST:
        newer = newer_python()
        if newer:
            os.execv(newer, [newer, __file__, *argv])
        stop(
            f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; this is"
            f" {sys.version.split()[0]}. Install one, or use `docker compose up`."
        )
    if not argv or argv[0] not in TARGETS:
        width = max(map(len, TARGETS))
        lines = [f"  {name:<{width}}  {f.__doc__}" for name, f in TARGETS.items()]
        stop("python3 dev.py NAME\n\n" + "\n".join(lines))
    return TARGETS[argv[0]](argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
