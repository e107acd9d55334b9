"""Two bodies of GET /benchmark/{id} as the API sent them, of a simulated sweep: three
targets, concurrency 4 and 8, 180 calls each; every answer of one target broke off.

Floats are cut to four digits, and what workers report of themselves is left out.
"""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
JOB_ID = "01M8GDWEF9ZS91KRZ1K9613N2D"


def done() -> dict[str, Any]:
    """Of its end."""
    return _read("done.json")


def running() -> dict[str, Any]:
    """Of its second step: 264 of 360 calls."""
    return _read("running.json")


def percentile(
    point: float | None, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """One with an interval; without one it has too few calls, by 7."""
    supported = high is not None
    return {
        "point": point,
        "low": low,
        "high": high,
        "infinite": False,
        "supported": supported,
        "needs": 0 if supported else 7,
    }


def _read(name: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads((_FOLDER / name).read_text("utf-8"))
    return job
