"""Comparisons of runs that have ended, computed when they are asked for.

In a process beside the API, since it takes pandas, and for a million rows three seconds
and 450 MB: nobody else waits for it, and its memory is given back. `route` asks,
`process` starts it, `work` is what it does.

May import: `shared`, `api.deps`, `api.errors`, `api.routes`.
"""
