"""A plan of a document and the flags; what is wrong is said with its place."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from cli.plan.document import Document
from cli.plan.flags import Flags, merged
from shared.errors import BadPlan
from shared.plan import Plan, plan_json, problems
from shared.plan.prompts.files import read_prompts
from shared.settings import Settings

MOST_SAID = 20
ABOUT = ("name", "tags", "note")
"""What stands beside a plan: it tells people of the run, and changes nothing of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan, and what is said of it."""

    plan: Plan
    about: dict[str, Any]

    def json(self) -> bytes:
        """The body of POST /benchmark."""
        plan = plan_json(self.plan)
        return to_json(self.about)[:-1] + b"," + plan[1:] if self.about else plan


def build(document: Document, flags: Flags, limits: Settings) -> Asked:
    """The plan, whole and checked. Raises BadPlan with a line for each problem."""
    record, came = merged(document.record, flags)
    if "targets" not in record:
        raise BadPlan(
            f"{document.name} names no model. Give one: --model AUTHOR/SLUG"
            " (`llmbench models` lists them).",
            "targets",
        )
    try:
        record = _with_prompts(record, document.folder, limits)
    except BadPlan as error:
        place = document.place("prompts")
        raise BadPlan(f"{place}: {error}", "prompts") from None
    about = {name: record.pop(name) for name in ABOUT if name in record}
    try:
        return Asked(Plan.model_validate(record), about)
    except ValidationError as error:
        lines = [
            f"{_place(path, document, came)}: {_sentence(path, said)}"
            for path, said in problems(error)[:MOST_SAID]
        ]
        raise BadPlan("\n".join(lines)) from None


def _with_prompts(record: dict[str, Any], folder: Path, limits: Settings) -> Any:
    """With the prompts of the file that is named, relative to the plan's folder; a
    bare list is the prompts themselves."""
    prompts = record.get("prompts")
    if isinstance(prompts, list):
        return {**record, "prompts": {"kind": "inline", "prompts": prompts}}
    named = {"file": prompts} if isinstance(prompts, str) else prompts
    if not isinstance(named, dict) or "file" not in named:
        return record
    if unknown := sorted(set(named) - {"file", "format", "column"}):
        raise BadPlan(f"beside `file` only `format` and `column` can stand: {unknown}")
    path = folder / str(named["file"])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadPlan(f"{path} cannot be read ({error.strerror}).") from None
    chosen = {name: named[name] for name in ("format", "column") if name in named}
    found = read_prompts(data, path.name, None, limits, **chosen)
    return {**record, "prompts": found}


def _place(path: str, document: Document, came: dict[str, str]) -> str:
    """The flag that set it, or its line."""
    top = path.partition(".")[0].partition("[")[0]
    return came.get(path) or came.get(top) or document.place(path)


def _sentence(path: str, said: str) -> str:
    if not said.startswith("Extra inputs"):
        return f"{path}: {said}" if path else said
    name = path.rpartition(".")[2]
    near = get_close_matches(name, _names(is_top="." not in path), n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{path}: there is no such field.{meant}"


def _names(*, is_top: bool) -> list[str]:
    """Names of fields: of the plan itself, or of all that can stand in it."""
    schema = Plan.model_json_schema()
    if is_top:
        return [*schema["properties"], *ABOUT]
    inner = (each.get("properties", ()) for each in schema["$defs"].values())
    return sorted({name for names in inner for name in names})
