"""Scripts and styles: files of this package, and Plotly's script of its own wheel.

Each address has the hash of what it gives, so a browser keeps it for ever and asks
again only after an upgrade. Modules import each other by relative names, which stay
under the hash of all of them together.
"""

import asyncio
import gzip
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from api.errors import Problem
from api.policy import HEADERS

router = APIRouter(include_in_schema=False)

PLOTLY = "plotly.min.js"

_TYPES = {".css": "text/css", ".js": "text/javascript"}
_STATIC = Path(__file__).parent.parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_packing = Lock()


@cache
def _ours() -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted(_STATIC.iterdir())
        if path.suffix in _TYPES
    }


@cache
def _version() -> str:
    digest = sha256()
    for name, content in _ours().items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:12]


def address(name: str) -> str:
    """Where a file of ours is served."""
    if name not in _ours():
        raise KeyError(f"api/pages/static has no {name}")
    return f"/static/{_version()}/{name}"


@cache
def _plotly() -> Path:
    """Its browser script as the package brings it; none of its Python is imported."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly")
    return Path(found.origin).parent / "package_data" / PLOTLY


@cache
def plotly_address() -> str:
    """Where Plotly's script is served; its size and time stand for its content, which
    a page need not read."""
    stat = _plotly().stat()
    said = sha256(f"{stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:12]
    return f"/static/{said}/{PLOTLY}"


def _packed(name: str) -> bytes:
    """Gzipped at level 6: Plotly's 4.8 MB become 1.5 MB in 0.3 s, once a process, also
    where ten browsers ask at the same time."""
    with _packing:
        return _pack(name)


@cache
def _pack(name: str) -> bytes:
    content = _plotly().read_bytes() if name == PLOTLY else _ours()[name]
    return gzip.compress(content, 6, mtime=0)


def text(name: str) -> str:
    """A file of ours, to be put into another."""
    return _ours()[name].decode()


def inlined(content: str) -> Markup:
    """Scripts and styles within a page, as they are: files of ours and of Plotly's
    wheel alone, never what was measured or written by anybody."""
    return Markup(content)  # noqa: S704 - the one place, of files that are code


def plotly_text() -> str:
    """Plotly's script, to be put into a file that has no server."""
    return _plotly().read_text("utf-8")


@router.get("/static/{version}/{name}")
async def asset(request: Request, version: str, name: str) -> Response:
    """A script or a style, whatever version is asked for: an old page still works."""
    if name != PLOTLY and name not in _ours():
        raise Problem("not-found", f"{request.url.path} is no file of the pages.")
    known = {plotly_address(), *map(address, _ours())}
    keep = _FOR_EVER if request.url.path in known else "no-cache"
    headers = {**HEADERS, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = await asyncio.to_thread(_packed, name)
        headers["Content-Encoding"] = "gzip"
    elif name == PLOTLY:
        content = await asyncio.to_thread(_plotly().read_bytes)
    else:
        content = _ours()[name]
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
