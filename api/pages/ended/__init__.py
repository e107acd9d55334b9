"""One run that has ended, runs beside each other, and the report of both.

    route, compared ──> context ──> figures, page data ──> templates/run/*.html
    report          ──> the same templates, in one file without a server

`asked` is what the address says, `tables` and `facts` are what is written in tables,
`answers` finds answers and single calls.
"""

from api.pages.ended import compared, report, route

__all__ = ["compared", "report", "route"]
