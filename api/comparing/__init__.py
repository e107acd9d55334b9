"""Comparisons of runs that have ended, computed when they are asked for.

In a process beside the API, since it takes pandas, and for a million rows three seconds
and 450 MB: nobody else waits for it, and its memory is given back. `route` asks,
`process` starts it, `work` is what it does; `again` has a run summarised again, in such
a process, too. `history` is a target run by run. `names` sets and takes away the names
of runs that others are compared with.

May import: `shared`, `api.baselines`, `api.deps`, `api.errors`, `api.parts`,
`api.replies`, `api.routes`, `api.schemas`.
"""
