"""summary.json and plan.json: the same bytes for the same content."""

import json

from pydantic import BaseModel


def write_json(record: BaseModel) -> bytes:
    """A record as JSON: keys sorted, indented, UTF-8, a newline at the end.

    Raises ValueError for a NaN or an infinity, which JSON does not have.
    """
    text = json.dumps(
        record.model_dump(mode="json"),
        allow_nan=False,
        ensure_ascii=False,
        indent=2,
        sort_keys=True,
    )
    return text.encode() + b"\n"
