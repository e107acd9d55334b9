"""The multipart form of a benchmark, as OpenAPI shows it."""

from typing import Any

from api.submission.form import FIELDS, FILE
from shared.about import About
from shared.plan import Plan


def form_schema() -> dict[str, Any]:
    """The form, for OpenAPI."""
    plan = Plan.model_json_schema()["properties"]
    about = About.model_json_schema()["properties"]
    fields = {name: _field(plan[name]) for name in FIELDS if name in plan}
    return {
        "title": "PromptFileForm",
        "description": "A prompt file, and what to do with it: the short spelling of a"
        " plan.",
        "type": "object",
        "additionalProperties": False,
        "required": [FILE, "model"],
        "properties": {
            FILE: {
                "type": "string",
                "format": "binary",
                "description": "UTF-8: each line a prompt (.txt), or .jsonl, or .csv.",
            },
            "model": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 200},
                "minItems": 1,
                "description": "Repeat the field for several models.",
            },
            **fields,
            "name": _field(about["name"]),
            "tag": {
                "type": "array",
                "items": about["tags"]["items"],
                "maxItems": about["tags"]["maxItems"],
                "description": "Repeat the field for several tags.",
            },
            "note": _field(about["note"]),
            "concurrency": {
                "type": "integer",
                "default": 8,
                "minimum": 1,
                "description": "Calls open at once, for the whole run.",
            },
        },
    }


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """A field of the plan as one of a form: without examples, which a page would fill
    in, and without null, which a form has no word for."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    said = {**schema, **(kinds[0] if kinds else {})}
    kept = ("type", "enum", "description", "minimum", "maximum", "maxLength")
    found = {word: said[word] for word in kept if word in said}
    if said.get("default") is not None:
        found["default"] = said["default"]
    return found
