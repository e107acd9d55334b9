"""Pages for people: what the API knows, to be looked at in a browser.

    shell ──> one module a page ──> templates/*.html, static/*.css and *.js

`shell` is what all pages share: the frame, the files, the definitions, how numbers are
written. A page is a module here with a router, a template and perhaps a script;
`PAGES` lists them, and `api.main` serves what stands in it.

May import: `shared`, `api.deps`, `api.errors`, `api.parts`, `api.policy`,
`api.schemas`, `api.routes.account`.
"""

from api.pages import account, meanings, new, runs, try_it, workers
from api.pages.shell import assets, problem_page

PAGES = (assets, meanings, runs, new, try_it, account, workers)
"""Modules with a `router`, in the order in which their paths are tried."""

__all__ = ["PAGES", "problem_page"]
