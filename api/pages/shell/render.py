"""A page of a template: autoescaped, with the headers that every page has.

Model output and every text of a user is text: templates escape all of it, and scripts
set it as `textContent`. What a template does not know is an error, and not a blank.
"""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.errors import Problem
from api.pages.shell import assets, words
from api.pages.shell.browser import asks_for_a_page
from api.pages.shell.definitions import UsedDefinitions
from api.policy import CHARTED_PAGE, PAGE

_TEMPLATES = Path(__file__).parent.parent / "templates"

NAVIGATION = (
    ("/", "Runs"),
    ("/new", "New benchmark"),
    ("/compare", "Compare"),
    ("/try", "Try it"),
    ("/account", "Account"),
    ("/workers", "Machines"),
)
"""Address and name, as they stand in the bar at the top."""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "navigation": NAVIGATION,
        "static": assets.address,
        "plotly": assets.plotly_address,
    }
    made.filters |= words.FILTERS
    return made


def page(
    request: Request,
    template: str,
    *,
    charts: bool = False,
    status: int = 200,
    **said: Any,
) -> Response:
    """The page that a template makes of what is said.

    charts: it has figures by Plotly, whose script sets styles. Only such a page may.
    """
    text = rendered(
        template,
        path=request.url.path,
        charts=charts,
        version=request.app.version,
        **said,
    )
    headers = {**(CHARTED_PAGE if charts else PAGE), "Vary": "Accept"}
    return HTMLResponse(text, status, headers=headers)


def rendered(template: str, **said: Any) -> str:
    """The text of a template."""
    made = _environment().get_template(template)
    return made.render(used=UsedDefinitions(), **said)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """The problem for who looks at it in a browser; None for programs."""
    if request.method not in ("GET", "HEAD") or not asks_for_a_page(request.headers):
        return None
    said = problem.body(request.url.path)
    answer = page(request, "problem.html", status=problem.status_code, problem=said)
    answer.headers.update(problem.headers or {})
    return answer
