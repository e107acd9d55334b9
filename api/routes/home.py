"""Where things are: the first address, and the pages that show the API.

The pages' scripts and styles are files of an installed package: nothing is asked of
another host, and the Content Security Policy says that nothing could be.
"""

import importlib.util
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from pydantic import BaseModel, Field

from api.errors import Problem, responses
from api.policy import HEADERS

router = APIRouter(tags=["home"])

_FOR_EVER = "public, max-age=31536000, immutable"


class Links(BaseModel):
    """Addresses, each with what is there."""

    docs: str = Field(default="/docs", description="This API as pages to try.")
    openapi: str = Field(default="/openapi.json", description="The same as a schema.")
    models: str = Field(default="/models", description="What can be asked.")
    upstreams: str = Field(default="/upstreams", description="Whom to ask.")
    generate: str = Field(default="/generate", description="POST: one answer.")
    benchmarks: str = Field(
        default="/benchmark", description="GET: all of them; POST: a new one."
    )
    selftest: str = Field(
        default="/selftest", description="POST: measure this machine."
    )
    account: str = Field(default="/account", description="The account behind the key.")
    health: str = Field(default="/health/ready", description="What is down.")
    metrics: str = Field(default="/metrics", description="For Prometheus.")


class Home(BaseModel):
    """Who answers, and where things are."""

    name: str = Field(description="Who answers.", examples=["llmbench"])
    version: str = Field(description="Of this server.", examples=["0.1.0"])
    links: Links = Field(description="Paths on this server.")


@router.get(
    "/", operation_id="get_home", summary="Where things are", responses=responses()
)
async def home(request: Request, response: Response) -> Home:
    """The addresses of this API. A browser, which asks for HTML, is given a page."""
    response.headers["Vary"] = "Accept"
    app = request.app
    return Home(name=app.title, version=app.version, links=Links())


def _assets() -> Path:
    """Swagger UI as the package `fastapi-offline` brings it; none of its code runs."""
    found = importlib.util.find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("fastapi_offline")
    return Path(found.origin).parent / "static"


_START = """\
addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
"""
_SCRIPT, _STYLE, _BEGIN = "swagger-ui-bundle.js", "swagger-ui.css", "start.js"
_FILES = {_SCRIPT: "text/javascript", _STYLE: "text/css"}


def _page(title: str) -> str:
    version = _version()
    at = f"/docs/assets/{version}"
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{at}/{_STYLE}">
<script src="{at}/{_SCRIPT}"></script>
<script src="{at}/{_BEGIN}"></script>
</head>
<body>
<div id="swagger-ui"></div>
<noscript><a href="/openapi.json">openapi.json</a></noscript>
</body>
</html>
"""


def _version() -> str:
    """Changes with each of the files, so that a browser may keep them for ever."""
    digest = sha256(_START.encode())
    for name in _FILES:
        stat = (_assets() / name).stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Swagger UI over our own schema."""
    return HTMLResponse(_page(request.app.title), headers=HEADERS)


@router.get("/docs/assets/{version}/{name}", include_in_schema=False)
async def asset(request: Request, version: str, name: str) -> Response:
    """A script or a style of the page."""
    headers = {**HEADERS, "Cache-Control": _FOR_EVER}
    if name == _BEGIN:
        return Response(_START, media_type="text/javascript", headers=headers)
    if name not in _FILES:
        raise Problem("not-found", f"{request.url.path} is no file of /docs.")
    return FileResponse(_assets() / name, media_type=_FILES[name], headers=headers)
