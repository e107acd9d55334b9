"""Answers that several endpoints give."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel

from api.schemas import Accepted
from shared.run import Run


def json_of(
    model: BaseModel, status: int = 200, headers: dict[str, Any] | None = None
) -> Response:
    """A model as JSON."""
    return Response(model.model_dump_json(), status, headers, "application/json")


def accepted(run: Run, warnings: Sequence[str]) -> Response:
    """202: the run was queued, and here is where to look."""
    url = f"/benchmark/{run.job_id}"
    body = Accepted(
        job_id=run.job_id,
        status=run.status,
        status_url=url,
        events_url=f"{url}/events",
        warnings=list(warnings),
    )
    return json_of(body, 202, {"Location": url})
