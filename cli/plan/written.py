"""A plan as a person writes it, and the schema by which an editor helps with that."""

import io
from typing import Any

from ruamel.yaml import YAML

from cli.plan.build import DescribedPlan
from shared.about import About
from shared.plan import Plan

_FILE = {
    "type": "object",
    "title": "PromptFile",
    "description": "A prompt file, relative to the plan: .txt (a line is a prompt),"
    " .jsonl or .csv.",
    "properties": {
        "file": {"type": "string", "examples": ["prompts.txt"]},
        "format": {"enum": ["text", "jsonl", "csv"]},
        "column": {"type": "string", "description": "Of a CSV; by default `prompt`."},
    },
    "required": ["file"],
    "additionalProperties": False,
}


def as_yaml(asked: DescribedPlan) -> str:
    """The whole plan; `llmbench run -` reads it again."""
    yaml = YAML(pure=True)  # which keeps the order of the fields
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    text = io.StringIO()
    plan = asked.plan.model_dump(mode="json", exclude_none=True)
    yaml.dump({**asked.said(), **plan}, text)
    return text.getvalue()


def as_schema() -> dict[str, Any]:
    """JSON Schema of a plan file, which may name a prompt file."""
    schema = Plan.model_json_schema()
    prompts = dict(schema["properties"]["prompts"])
    told = {key: prompts.pop(key) for key in ("description", "examples")}
    listed = schema["$defs"]["InlinePrompts"]["properties"]["prompts"]
    forms = [prompts, _FILE, {"type": "string", "title": "PromptFile"}, listed]
    schema["properties"] |= {"prompts": {"anyOf": forms, **told}}
    schema["properties"] |= About.model_json_schema()["properties"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
