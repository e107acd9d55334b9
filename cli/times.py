"""Moments as people type them: `7d`, `12h`, `2026-11-23`, or whole."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from shared.clock import utc_label, wall_s

_AGO = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

Since = Annotated[
    str | None,
    typer.Option(help="Queued then or later: 7d, 12h, 2026-11-23 (UTC), or whole."),
]
Until = Annotated[str | None, typer.Option(help="Queued before; written likewise.")]


def moment(said: str | None, flag: str) -> str | None:
    """As the API takes it; raises a usage error. flag: what to blame.

    >>> moment("2026-11-23", "--since"), moment(None, "--since")
    ('2026-11-23T00:00:00.000Z', None)
    """
    if said is None:
        return None
    if ago := _AGO.fullmatch(said):
        return utc_label(max(0.0, wall_s() - int(ago[1]) * _SECONDS[ago[2]]))
    try:
        found = datetime.fromisoformat(said)
        return utc_label(
            (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        )
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"`{said}` is no moment. Write 7d, 12h, 2026-11-23, or"
            " 2026-11-23T08:00:00Z.",
            param_hint=flag,
        ) from None
