"""Further upstreams, each a table of `upstreams.toml`: read, and checked when read.

    [vllm]
    base_url = "http://10.0.0.5:8000/v1"
    key_env = "VLLM_API_KEY"

The file may be shown and shared, so no key stands in it: it says where one is found.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.near import sentence_of
from shared.settings import address, credentials
from shared.settings.credentials import Wrong
from shared.standards import headers
from shared.standards.key_forms import SURE

DEFAULT = "default"
"""The upstream of the settings themselves."""
ANY_MODEL = "*"
MOST_UPSTREAMS = 64
MOST_BYTES = 1024 * 1024

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_MOST_SAID = 10
_A_SECRET = {"key", "api_key", "apikey", "token", "secret", "password", "bearer"}
_NO_KEY = "a key has no place in this file, which may be shown and shared"
_WHERE = "name its variable with `key_env`, or its file with `key_file`"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

Calls = Annotated[int, Field(gt=0, le=10**12)]
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000)]


class _Table(BaseModel):
    """Unknown fields are refused, and no value is shown: it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Limits(_Table):
    """Of the account there, over all workers. None: none."""

    per_minute: Calls | None = None
    per_day: Calls | None = None
    in_flight: Calls | None = None


class ListPrice(_Table):
    """USD per million tokens, and per call."""

    prompt: Usd
    completion: Usd
    request: Usd = Decimal(0)


def _a_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name) or SURE.search(name):
        raise ValueError("it is not the name of a variable, such as VLLM_API_KEY")
    return name


Variable = Annotated[str, AfterValidator(_a_variable)]


class NamedUpstream(_Table):
    """One table. None: as for the settings' own upstream where nothing is set."""

    base_url: str
    kind: Literal["auto", "openrouter", "openai"] = "auto"
    key_env: Variable | None = None
    key_file: Path | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    limits: Limits = Limits()
    free_limits: Literal["auto", "off"] = "auto"
    prices: dict[str, ListPrice] = Field(default_factory=dict)
    """By model, `*` for all others; where the upstream lists none itself."""
    max_tokens_field: Literal["auto", "max_tokens", "max_completion_tokens", "none"] = (
        "auto"
    )
    stream_options: Literal["auto", "on", "off"] = "auto"
    ca_file: Path | None = None
    proxy: str | None = None
    proxy_env: Variable | None = None

    @field_validator("base_url")
    @classmethod
    def _base_of_an_api(cls, value: str) -> str:
        try:
            return address.checked(value)
        except Wrong as wrong:
            remedy = wrong.remedy.replace("put the key into OPENROUTER_API_KEY", _WHERE)
            raise ValueError(f"{wrong.sentence} {remedy}") from None

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        headers.check(value, f"and {_NO_KEY}: {_WHERE}")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value is None:
            return None
        credentials.check_proxy(value)
        if credentials.passwords(value):
            raise ValueError(
                "it holds a password, which has no place in this file: put the address"
                " into a variable, and name that with `proxy_env`"
            )
        return value

    @model_validator(mode="after")
    def _one_of_each(self) -> "NamedUpstream":
        for one, other in (("key_env", "key_file"), ("proxy", "proxy_env")):
            if None not in (getattr(self, one), getattr(self, other)):
                raise ValueError(f"it has `{one}` and `{other}`; leave one of them out")
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that it names."""
        return tuple(name for name in (self.key_env, self.proxy_env) if name)


def read(path: Path) -> dict[str, NamedUpstream]:
    """The upstreams of a file, by name; raises Wrong with a line for each problem."""
    try:
        return _read(path)
    except Wrong as wrong:
        raise Wrong(wrong.sentence, wrong.remedy, setting="UPSTREAMS_FILE") from None


def _read(path: Path) -> dict[str, NamedUpstream]:
    text = _text(path)
    for number, line in enumerate(text.splitlines(), 1):
        if SURE.search(line):
            raise Wrong(
                f"{path.name}, line {number}: it holds a key by its looks, and"
                f" {_NO_KEY}.",
                f"Take it out, and {_WHERE}.",
            )
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        raise Wrong(f"{path.name} is no TOML: {said}.", "Mend that line.") from None
    if len(tables) > MOST_UPSTREAMS:
        said = f"{path.name} has {len(tables)} tables and may have {MOST_UPSTREAMS}."
        raise Wrong(said, "Take some out.")
    found, wrong = dict[str, NamedUpstream](), list[str]()
    lines = _lines(text)
    for name, table in tables.items():
        try:
            found[name] = _upstream(name, table, path.parent)
        except ValidationError as error:
            wrong += _problems(name, error, path.name, lines)
        except ValueError as error:
            wrong.append(f"{_place(path.name, (name,), lines)}: {error}.")
    if wrong:
        raise Wrong("\n".join(wrong[:_MOST_SAID]), "docs/upstreams.md has each field.")
    return found


def variable(name: str, env_file: str | None) -> str | None:
    """What a variable holds, of the environment or else of `.env`; None: nothing."""
    value = os.environ.get(name)
    if value is None and env_file is not None and os.path.isfile(env_file):
        from dotenv import dotenv_values

        value = dotenv_values(env_file, encoding="utf-8-sig").get(name)
    return (value or "").strip() or None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Wrong(f"{path} has more than {MOST_BYTES} bytes.", "Shorten it.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong(f"{path} is not UTF-8.", "Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        raise Wrong(
            f"{path} cannot be read ({why}).",
            "Check the path, or leave UPSTREAMS_FILE out.",
        ) from None


def _upstream(name: str, table: Any, folder: Path) -> NamedUpstream:
    if not isinstance(table, dict):
        raise ValueError("it stands in no table; each upstream is one: [NAME]")
    if name == DEFAULT:
        raise ValueError(
            "`default` is the upstream of OPENROUTER_BASE_URL; give this one another"
            " name"
        )
    if not NAME.fullmatch(name):
        raise ValueError(
            "a name has small letters, digits and dashes within, 40 at the most"
        )
    made = NamedUpstream.model_validate(table)
    paths = {
        field: folder / value
        for field in ("key_file", "ca_file")
        if (value := getattr(made, field)) is not None
    }
    return made.model_copy(update=paths)


def _problems(
    name: str, error: ValidationError, file: str, lines: Mapping[tuple[str, ...], int]
) -> Iterator[str]:
    for each in error.errors(include_url=False):
        loc = tuple(str(part) for part in each["loc"] if part != "[key]")
        said = sentence_of(each, NamedUpstream.model_json_schema)
        if each["type"] == "extra_forbidden" and loc[-1].lower() in _A_SECRET:
            said = f"{_NO_KEY}; {_WHERE}"
        place = _place(file, (name, *loc), lines)
        yield f"{place}: {'.'.join((name, *loc))}: {said.rstrip('.?')}" + (
            "?" if said.endswith("?") else "."
        )


def _place(
    file: str, path: tuple[str, ...], lines: Mapping[tuple[str, ...], int]
) -> str:
    """`upstreams.toml, line 7`: of the field, or of what it would stand in."""
    while path and path not in lines:
        path = path[:-1]
    return f"{file}, line {lines[path]}" if path else file


_HEAD = re.compile(r"\s*\[([^\[\]]+)\]")
_FIELD = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\")(?:\s*\.\s*[\w-]+)*)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where tables and fields begin. The parser does not tell that; what this does not
    find is told by the table that it stands in."""
    found, table = dict[tuple[str, ...], int](), tuple[str, ...]()
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            table = _parts(head[1])
            found.setdefault(table, number)
        elif field := _FIELD.match(line):
            found.setdefault((*table, *_parts(field[1])), number)
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple("".join(part.groups("")) for part in _PART.finditer(dotted))
