"""A plan of a document and the flags; what is wrong is said with its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from cli.plan.conflicts import check_flags
from cli.plan.document import Document
from cli.plan.flags import Flags, merged
from shared.about import About, parted
from shared.errors import BadPlan
from shared.plan import Plan, plan_json, problems
from shared.plan.input.problems import problems_of
from shared.plan.prompts.files import read_prompts
from shared.settings import Settings

MOST_SAID = 20

_LIKE_TARGETS = {"target", "model", "models"}
"""What people write for `targets`."""

_FLAGS = {
    "load.duration_s": "--duration",
    "load.rate_per_s": "--rate",
    "load.count": "--count",
}
"""Which flag gives a field that the kind of a load requires."""


@dataclass(frozen=True, slots=True)
class DescribedPlan:
    """A plan, and what is said of it."""

    plan: Plan
    about: About

    def said(self) -> dict[str, Any]:
        """What stands beside the plan in a document."""
        return self.about.model_dump(mode="json", exclude_defaults=True)

    def json(self) -> bytes:
        """The body of POST /benchmark."""
        said, plan = self.said(), plan_json(self.plan)
        return to_json(said)[:-1] + b"," + plan[1:] if said else plan


def build(document: Document, flags: Flags, limits: Settings) -> DescribedPlan:
    """The plan, whole and checked. Raises BadPlan with a line for each problem."""
    check_flags(flags)
    record, came = merged(document.record, flags)
    if flags.find and not record.get("slo"):
        raise BadPlan(
            "--find needs --slo, which says what is good enough: --slo ttft=1s", "slo"
        )
    if "targets" not in record:
        for name in _LIKE_TARGETS & record.keys():
            raise BadPlan(
                f"{document.place(name)}: {name}: There is no such field. Whom to ask"
                " stands in `targets`: [{model: AUTHOR/SLUG}]",
                name,
            )
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
    said, rest = parted(record)
    found: list[tuple[str, str]] = []
    try:
        about = About.model_validate(said)
    except ValidationError as error:
        found += problems_of(error, About)
    try:
        plan = Plan.model_validate(rest)
    except ValidationError as error:
        found += problems(error)
    if found:
        lines = (
            f"{(place := _place(path, document, came))}: {_sentence(path, said, place)}"
            for path, said in found[:MOST_SAID]
        )
        raise BadPlan("\n".join(lines))
    return DescribedPlan(plan, about)


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


def _sentence(path: str, said: str, place: str) -> str:
    """What is wrong; a field that a flag names, or would give, by that flag."""
    flag = _FLAGS.get(path)
    if place.startswith("--") and flag and said == "Field required":
        return f"give {flag} as well (`{path}` is required)."
    if not path or place == f"--{path.replace('_', '-')}":
        return said
    return f"{path}: {said}"
