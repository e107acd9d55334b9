"""The multipart form of a benchmark, as OpenAPI shows it."""

from typing import Any

from api.submission.form import FIELDS, FILE
from shared.about import About
from shared.plan import Plan


def form_schema() -> dict[str, Any]:
    """The form, for OpenAPI. Without examples, which a page would fill in."""
    plan = Plan.model_json_schema()["properties"]
    about = {
        name: {word: said[word] for word in said if word != "examples"}
        for name, said in About.model_json_schema()["properties"].items()
    }
    kept = ("type", "anyOf", "enum", "default", "description", "minimum", "maximum")
    fields = {
        name: {word: plan[name][word] for word in kept if word in plan[name]}
        for name in FIELDS
        if name in plan
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [FILE, "model"],
        "properties": {
            FILE: {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "UTF-8: each line a prompt (.txt), or .jsonl, or .csv.",
            },
            "model": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 200},
                "minItems": 1,
                "description": "Repeat the field for several models.",
            },
            **fields,
            "name": about["name"],
            "tag": {**about["tags"], "description": "Repeat it for several."},
            "note": about["note"],
            "concurrency": {
                "type": "integer",
                "default": 8,
                "minimum": 1,
                "description": "Calls open at once, for the whole run.",
            },
        },
    }
