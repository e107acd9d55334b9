"""Every error of the API as an RFC 9457 problem.

    {"type": "/problems/no-such-run", "title": "...", "status": 404, "detail": "...",
     "instance": "/benchmark/..."}   and members of its own, such as `errors`

`kinds` is the table of all of them, `problem` one of them, `handlers` what makes one of
an exception, `openapi` how the schema shows them.

May import: `shared.errors`.
"""

from api.errors.handlers import OF_ERROR, install, of_error
from api.errors.kinds import KINDS
from api.errors.openapi import ProblemBody, responses
from api.errors.problem import MEDIA_TYPE, Problem, invalid

__all__ = [
    "KINDS",
    "MEDIA_TYPE",
    "OF_ERROR",
    "Problem",
    "ProblemBody",
    "install",
    "invalid",
    "of_error",
    "responses",
]
