"""`/runs/{id}` of a run that goes on: one picture of it, made anew for all who look.

    rows ──> calls (slices, marks, failing; buckets) ──> picture ──> feed ──> followers

A picture is whole: a page that was reloaded, cut off, or whose server was started anew
has everything with the next one. `bands` says how targets stand to each other so far.
"""

from api.pages.live import route
from api.pages.live.route import live_page

__all__ = ["live_page", "route"]
