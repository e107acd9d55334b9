"""What all pages share.

`render` makes a page of a template, `assets` serves scripts and styles for ever under
the hash of their content, `browser` tells people from programs where both ask for one
address, `definitions` are those of docs/metrics.md, `words` writes numbers and times.
"""

from api.pages.shell.browser import BrowserRouter, asks_for_a_page
from api.pages.shell.render import page, problem_page

__all__ = ["BrowserRouter", "asks_for_a_page", "page", "problem_page"]
