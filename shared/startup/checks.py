"""What is looked at before a process begins to work, as data: a `Check` for each thing.

Each entry chooses its checks (`start`) and shows them in its own way. None
raises, none changes anything, and no sentence holds a secret.
"""

import errno
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.errors import Misconfigured
from shared.settings import DEFAULT, Settings
from shared.settings.check import Check
from shared.settings.credentials import Wrong
from shared.wire import tls_context

# It warns of lines that it cannot read, as `names` does, and before there is a log.
logging.getLogger("dotenv").setLevel(logging.ERROR)

_LOW_BYTES = 256 * 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)


def read() -> tuple[Settings | None, tuple[Check, ...]]:
    """The settings, and what there is to say about them; None where one is wrong."""
    try:
        return Settings(), ()
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, tuple(_wrong_setting(each) for each in found)
    except UnicodeDecodeError:
        return None, (
            Check(
                ".env", "bad", "it is not UTF-8.", "Save it as UTF-8, as plain text."
            ),
        )
    except OSError as error:
        return None, (
            Check(
                ".env",
                "bad",
                f"it cannot be read ({error.strerror}).",
                "Give this user the right to read it, or take it away.",
            ),
        )


_SAID = {
    "int_from_float": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_parsing_size": "must be a smaller number.",
    "float_parsing": "must be a number.",
    "bool_parsing": "must be true or false.",
}


def _wrong_setting(error: ErrorDetails) -> Check:
    """A value is shown where it is a number only: another may be a key, set under the
    wrong name."""
    name = ".".join(map(str, error["loc"])).upper()
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Wrong):
        name = cause.setting or name
        return Check(name, "bad", cause.sentence, cause.remedy)
    said = (
        _SAID.get(error["type"]) or error["msg"].replace("Input should", "must") + "."
    )
    return Check(name, "bad", f"{_number(error['input'])} {said}", _FIX)


_FIX = ".env.example explains each setting."


def _number(given: object) -> str:
    try:
        float(str(given))
    except ValueError:
        return "it"
    return str(given)[:40]


def named(settings: Settings) -> tuple[Check, ...]:
    """A line for each upstream of UPSTREAMS_FILE: whether it can be asked."""
    names = (name for name in settings.upstream_names if name != DEFAULT)
    return tuple(_named(settings.at(name)) for name in names)


def _named(settings: Settings) -> Check:
    name, called = f"upstream {settings.upstream_name}", settings.called
    url = settings.openrouter_base_url
    trusted = ca_file(settings)
    if trusted.level == "bad":
        said = f"{called.ca_file}: {trusted.sentence}"
        return Check(name, "bad", said, trusted.remedy)
    try:
        key = settings.api_key()
    except Misconfigured as error:
        return Check(name, "bad", str(error))
    if key is None and settings.needs_key:
        said = f"{url} has no key: {called.key} is not set."
        return Check(name, "warn", said, "Set it, or calls there are refused.")
    with_key = "without a key" if key is None else "with a key of its own"
    return Check(name, "ok", f"{url} is asked {with_key}.")


def key(settings: Settings) -> Check:
    """OPENROUTER_API_KEY, or the file that holds it."""
    name = "OPENROUTER_API_KEY"
    file = settings.openrouter_api_key_file
    if settings.openrouter_api_key is not None and file is not None:
        sentence = "it is set, and so is OPENROUTER_API_KEY_FILE, which is not read."
        return Check(name, "warn", sentence, "Unset one of them.")
    try:
        found = settings.api_key()
    except Misconfigured as error:
        return Check(name, "bad", str(error))
    if found is not None:
        return Check(name, "ok", "there is one, and it can be sent.")
    if file is not None:
        sentence = "the file that OPENROUTER_API_KEY_FILE names is empty."
        return Check(name, "warn", sentence, "Put the key there.")
    if settings.speaks_openrouter:
        return Check(
            name,
            "warn",
            "no key is set: models are listed, calls are refused.",
            "Put one into .env, or try without: llmbench up --simulate",
        )
    return Check(name, "ok", "none is set, and this upstream may need none.")


def lease(settings: Settings) -> Check:
    """LEASE_S, beside how often a worker looks for work."""
    lease_s, tick_s = settings.lease_s, settings.reaper_tick_s
    if lease_s > tick_s:
        return Check("LEASE_S", "ok", f"{lease_s:g} s of silence are a lost worker.")
    return Check(
        "LEASE_S",
        "bad",
        f"LEASE_S={lease_s:g} is not more than REAPER_TICK_S={tick_s:g}: a worker that"
        " looks for work so rarely is not called alive.",
        "Set REAPER_TICK_S to a fraction of LEASE_S.",
    )


def ca_file(settings: Settings) -> Check:
    """UPSTREAM_CA_FILE."""
    name, path = "UPSTREAM_CA_FILE", settings.upstream_ca_file
    if path is None:
        return Check(name, "ok", "the system's authorities are trusted.")
    try:
        tls_context(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        sentence = f"{path} cannot be used ({why})."
        return Check(name, "bad", sentence, "It must be a PEM file of certificates.")
    return Check(name, "ok", f"{path} is trusted, too.")


def results_dir(settings: Settings) -> Check:
    """RESULTS_DIR, for who writes there."""
    return _folder("RESULTS_DIR", settings.results_dir)


def results_seen(settings: Settings) -> Check:
    """RESULTS_DIR, for the API, which only reads there."""
    path = settings.results_dir
    try:
        os.listdir(path)
    except FileNotFoundError:  # made by the first worker that has results
        return Check("RESULTS_DIR", "ok", f"{path} does not exist yet.")
    except OSError as error:
        return Check(
            "RESULTS_DIR",
            "bad",
            f"{path} cannot be read ({error.strerror}).",
            "Choose a folder that the workers share with the API.",
        )
    return Check("RESULTS_DIR", "ok", f"{path} can be read.")


def spool_dir(settings: Settings) -> Check:
    """SPOOL_DIR, and that it is a place apart."""
    spool, results = settings.spool_dir.resolve(), settings.results_dir.resolve()
    if results.is_relative_to(spool):
        return Check(
            "SPOOL_DIR",
            "bad",
            f"RESULTS_DIR={settings.results_dir} is in it, and folders in it are taken"
            " away when their rows are in the store.",
            "Choose another folder.",
        )
    return _folder("SPOOL_DIR", settings.spool_dir)


def _folder(name: str, path: Path) -> Check:
    """Whether files can be written to a folder that may not exist yet."""
    nearest = next(p for p in (path, *path.absolute().parents) if os.path.lexists(p))
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(nearest).free
    except OSError as error:
        full = error.errno in _FULL
        return Check(
            name,
            "warn" if full else "bad",
            f"{path} cannot be written to ({error.strerror}).",
            "Free the disk." if full else "Choose another folder, or mend its rights.",
        )
    room = f"{free / 2**30:.1f} GiB are free"
    if free < _LOW_BYTES:
        return Check(name, "warn", f"{path} has little room: {room}.", "Free the disk.")
    return Check(name, "ok", f"{path} can be written to; {room}.")


_OURS = tuple(name.upper() for name in Settings.model_fields)
_A_NAME = re.compile(r"[A-Z_]{1,40}|[a-z_]{1,40}")
_PREFIXES = (
    *("OPENROUTER_", "UPSTREAM_", "MODELS_", "REDIS_", "RESULTS_", "KEEP_RUNS"),
    *("FREE_CALLS", "MAX_CALLS", "MAX_COST", "RECONCILE", "SPOOL_"),
)
"""An unknown name of the environment is looked at when it begins so: all others may
belong to anybody."""


def names(environment: Sequence[str], named: Collection[str] = ()) -> tuple[Check, ...]:
    """Names that are no setting: all those of `.env`, and of the environment those that
    may be meant for one. () when there is nothing to say.

    named: the variables that UPSTREAMS_FILE names."""
    set_here = {name.upper() for name in environment}
    others = {name.upper() for name in named}
    found = [*_names_of_env_file(others)]
    for name in sorted(set_here - set(_OURS) - others):
        meant = _near(name) if name.startswith(_PREFIXES) else None
        if meant is not None and meant not in set_here:
            found.append(_unknown(name, "the environment", meant))
    return tuple(found)


def _names_of_env_file(named: Collection[str]) -> Iterator[Check]:
    """Of a line that is no `NAME=value`, and of a name that looks like none, the number
    alone is told: it may be the second half of a key."""
    from dotenv.parser import parse_stream

    path = Settings.model_config.get("env_file")
    if not isinstance(path, str) or not os.path.isfile(path):
        return
    lines: dict[str, int] = {}
    with open(path, encoding="utf-8-sig") as file:
        bindings = list(parse_stream(file))
    for binding in bindings:
        text = binding.original.string
        line = binding.original.line + len(text) - len(text.lstrip("\n"))
        name = (binding.key or "").upper()
        if binding.error or (binding.key is not None and binding.value is None):
            remedy = "Write NAME=value, and a value of several words in quotes."
            yield Check(".env", "warn", f"line {line} is no NAME=value.", remedy)
        elif name in lines:
            sentence = f"line {line} sets {name} again; line {lines[name]} is void."
            yield Check(".env", "warn", sentence, "Take one of them away.")
        elif name and name not in _OURS and name not in named:
            shown = name if _A_NAME.fullmatch(binding.key or "") else "a name"
            yield _unknown(shown, f".env, line {line},", _near(name))
        if name in _OURS:
            lines[name] = line


def _near(name: str) -> str | None:
    near = get_close_matches(name, _OURS, n=1, cutoff=0.8)
    return near[0] if near else None


def _unknown(name: str, where: str, meant: str | None) -> Check:
    remedy = f"Is {meant} meant?" if meant else "Other programs may want it."
    sentence = f"{name} in {where} is no setting here, and has no effect."
    return Check(name, "warn", sentence, remedy)
