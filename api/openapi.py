"""The schema of the whole API, as `GET /openapi.json` has it."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.errors import ProblemBody
from api.submission import form_schema
from shared.about import About
from shared.money.reconciliation import Reconciliation
from shared.plan import Plan

Schemas = dict[str, Any]

_REF = "#/components/schemas/"
_MORE: dict[str, type[BaseModel]] = {
    "Plan": Plan,
    "Problem": ProblemBody,
    "Reconciliation": Reconciliation,
}
"""Records that no endpoint declares to FastAPI."""


def schema_of(app: FastAPI) -> dict[str, Any]:
    """FastAPI's schema, with the records that no endpoint declares to it."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
            separate_input_output_schemas=app.separate_input_output_schemas,
        )
        schemas: Schemas = app.openapi_schema["components"]["schemas"]
        for name, model in _MORE.items():
            schema = model.model_json_schema(ref_template=_REF + "{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[name] = schema
        schemas["NewBenchmark"] = {
            **schemas["Plan"],
            "title": "NewBenchmark",
            "description": "A plan, and what is said of the run.",
            "properties": {
                **About.model_json_schema()["properties"],
                **schemas["Plan"]["properties"],
            },
        }
        schemas["PromptFileForm"] = form_schema()
        # FastAPI adds an answer of its own to what does not declare a 422.
        operations = [
            operation
            for path in app.openapi_schema["paths"].values()
            for operation in path.values()
        ]
        for operation in operations:
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        for path in ("/benchmark", "/benchmark/file"):
            # A benchmark that has ended, or a quote: no body is both, which lets a
            # client tell which of them it is.
            ended = app.openapi_schema["paths"][path]["post"]["responses"]["200"]
            either = ended["content"]["application/json"]["schema"]
            either["oneOf"] = either.pop("anyOf")
        asked = [each["requestBody"] for each in operations if "requestBody" in each]
        _open(schemas, _named_in(asked, schemas, set()))
    return app.openapi_schema


def _open(schemas: Schemas, asked: set[str]) -> None:
    """Records of answers alone may have more fields than are told: a client that was
    made of this schema shall read what a later server says."""
    for name in schemas.keys() - asked:
        if schemas[name].get("additionalProperties") is False:
            del schemas[name]["additionalProperties"]


def _named_in(part: Any, schemas: Schemas, found: set[str]) -> set[str]:
    """The records that a part of the schema is made of, and these of, and so on."""
    for ref in _refs(part):
        name = ref.removeprefix(_REF)
        if name not in found:
            found.add(name)
            _named_in(schemas[name], schemas, found)
    return found


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _refs(value)
