"""Pages for people: what the API knows, to be looked at in a browser.

    shell ──> one module a page ──> templates/*.html, static/*.css and *.js

`shell` is what all pages share: the frame, the files, the definitions, how numbers are
written. A page is a module here with a router, a template and perhaps a script;
`PAGES` lists them, and `api.main` serves what stands in it. `ended` is the page of a
run that has ended, `figures` what it draws, `live` the page of one that goes on.

May import: `shared`, `api.access`, `api.deps`, `api.errors`, `api.parts`, `api.policy`,
`api.schemas`, `api.routes.account`, `api.baselines`, `api.comparing`, `api.download`,
`api.live`, `api.page_data`, `api.tokens`.
"""

from api.pages import account, meanings, new, runs, sign_in, try_it, workers
from api.pages.ended import compared, report, route
from api.pages.live import route as live
from api.pages.shell import asks_for_a_page, assets, problem_page

PAGES = (
    *(assets, sign_in, meanings, runs, new, try_it, account, workers),
    *(live, route, compared, report),
)
"""Modules with a `router`, in the order in which their paths are tried."""

__all__ = ["PAGES", "asks_for_a_page", "problem_page"]
