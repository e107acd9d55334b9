"""A recipe with its models, as text and as a record."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.errors import BadPlan
from shared.near import meant

NAMES = ("providers", "curve", "budget", "router-vs-direct", "cold-vs-warm")
"""In the order in which they are shown."""

_READING = "How to read it: "
_FOLDER = Path(__file__).parent
_TARGETS = re.compile(r"^targets:\n((?:[ ].*\n)+)", re.MULTILINE)
_PROMPTS = re.compile(r"^prompts:\n(?:[ ].*\n)+", re.MULTILINE)


def question_of(name: str) -> str:
    """What it answers, in one line; raises BadPlan where there is no such recipe."""
    return _text(name).partition("\n")[0].removeprefix("# ")


def reading_of(name: str) -> str:
    """How to read its result; raises BadPlan where there is no such recipe."""
    lines = _text(name).partition("\n\n")[0].split("\n")
    parts = "\n".join(line.removeprefix("#").strip() for line in lines).split("\n\n")
    said = next(part for part in parts if part.startswith(_READING))
    return " ".join(said.removeprefix(_READING).split())


def filled(name: str, models: Sequence[str], prompts: str | None = None) -> str:
    """The plan as YAML, with its comments: its targets once for each model.

    prompts: a file of prompts in the place of those that are made up.

    Raises BadPlan where there is no such recipe, and without a model.
    """
    text = _text(name)
    if not models:
        raise BadPlan(f"Name a model, or several: llmbench recipe {name} MODEL")
    found = _TARGETS.search(text)
    if found is None:
        raise BadPlan(f"The recipe {name} has no `targets` to fill.")
    each = "".join(found[1].replace("MODEL", _quoted(model)) for model in models)
    text = text.replace(found[1], each)
    if prompts is not None:
        file = f'prompts:\n  file: "{_quoted(prompts)}"\n'
        text = _PROMPTS.sub(lambda _: file, text)
    return text


def record_of(text: str) -> dict[str, Any]:
    """A filled recipe as the body of POST /benchmark."""
    from ruamel.yaml import YAML  # only who asks for it pays for it

    record: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return record


def _quoted(text: str) -> str:
    """Within the quotes that stand around it. What is not printable is escaped, since
    YAML has little of it in a file."""
    return "".join(map(_character, text))


def _character(c: str) -> str:
    if c.isprintable():
        return f"\\{c}" if c in '"\\' else c
    return f"\\U{ord(c):08x}"


def _text(name: str) -> str:
    if name not in NAMES:
        raise BadPlan(f"There is no recipe `{name[:60]}`. {meant(name[:60], NAMES)}")
    return (_FOLDER / f"{name}.yaml").read_text("utf-8")
