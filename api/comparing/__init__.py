"""Comparisons of runs that have ended, computed when they are asked for.

In a process beside the API, since it takes pandas, a second and some 100 MB for a
million rows: nobody else waits for it, and its memory is given back.

May import: `shared`, `api.errors`.
"""

from api.comparing.process import MOST_JOBS, compared

__all__ = ["MOST_JOBS", "compared"]
