"""The schema of the whole API, as `GET /openapi.json` has it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import ProblemBody
from shared.about import About
from shared.plan import Plan


def schema_of(app: FastAPI) -> dict[str, Any]:
    """FastAPI's schema, with the two that no endpoint declares to it."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        schemas = app.openapi_schema["components"]["schemas"]
        for model, name in ((Plan, "Plan"), (ProblemBody, "Problem")):
            schema = model.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
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
        # FastAPI adds an answer of its own to what does not declare a 422.
        for path in app.openapi_schema["paths"].values():
            for operation in path.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
    return app.openapi_schema
