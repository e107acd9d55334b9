"""Moments in a URL: ISO 8601, of UTC where they name no zone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

SinceTime = (
    Annotated[datetime, Field(examples=["2026-11-23T08:00:00Z", "2026-11-23"])] | None
)


def seconds_of(moment: datetime | None) -> float | None:
    """Unix seconds."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp()
