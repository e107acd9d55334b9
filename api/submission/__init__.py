"""A benchmark that is asked for: read, checked, priced, before anything is queued.

`read` is the body, `form` the multipart one and `schema` how OpenAPI shows it,
`changes` what a rerun does otherwise; `providers` who runs a model, `check` whether the
upstream has the models and they the room, `key` whether it accepts our key,
`pricing` what it may cost and how long limits make it.

May import: `shared`, `api.errors`, `api.parts`.
"""

from api.submission.changes import changed
from api.submission.key import check_key
from api.submission.pricing import Prices, checked_prices, quoted, warnings_of
from api.submission.providers import Expanded
from api.submission.read import checked, read_submission
from api.submission.schema import form_schema

__all__ = [
    "Expanded",
    "Prices",
    "changed",
    "check_key",
    "checked",
    "checked_prices",
    "form_schema",
    "quoted",
    "read_submission",
    "warnings_of",
]
