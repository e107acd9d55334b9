"""What the process holds while it serves: made at the start, shared by all requests.

`access` is the way to the store, `watchers` are the clients that follow runs, `views`
the bodies of runs, `plans` the plans in them, and `search` finds some among them;
`account_page` is `GET /key` of the upstream, `traffic` counts the requests.

May import: `shared`, `api.errors`, `api.schemas`, `api.tokens`.
"""

from api.parts.access import StoreAccess
from api.parts.account_page import AccountPage
from api.parts.parts import Parts, Store
from api.parts.search import Filter, listed, search
from api.parts.traffic import CountedRequests, Traffic
from api.parts.views import Views, progress
from api.parts.waiting import waits_for
from api.parts.watchers import MOST_WATCHERS, Watchers

__all__ = [
    "MOST_WATCHERS",
    "AccountPage",
    "CountedRequests",
    "Filter",
    "Parts",
    "Store",
    "StoreAccess",
    "Traffic",
    "Views",
    "Watchers",
    "listed",
    "progress",
    "search",
    "waits_for",
]
