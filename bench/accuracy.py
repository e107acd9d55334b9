"""How wrong our own numbers are: rows laid beside the stub's truth."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.machine import percentile
from bench.ours import Measured
from bench.stub import Truth
from shared.sample import Sample


@dataclass(frozen=True, slots=True)
class Errors:
    """Measured minus true of each call that was joined, in milliseconds."""

    ttft_ms: list[float]
    """Time to the first token: both its ends are in it."""
    stamp_ms: list[float]
    """The first token's own stamp, absolute on the one monotonic clock."""
    gap_ms: list[float]
    """The longest gap of each stream. A stamp that is late makes the gap before it
    longer by as much, so no single gap's error hides from it."""
    unjoined: int
    """Rows without a truth: failed calls."""

    @staticmethod
    def worst(errors_ms: Sequence[float], percent: float) -> float:
        """Percentile of the absolute errors."""
        return percentile([abs(error_ms) for error_ms in errors_ms], percent)


def errors(measured: Measured, *, after_slot: int) -> Errors:
    """The errors of every row from slot `after_slot` on: those before it are the first
    round, which opens the connections."""
    found = Errors([], [], [], 0)
    unjoined = 0
    for row in measured.rows:
        if row.slot < after_slot:
            continue
        truth = measured.truth.get(row.generation_id or "")
        if truth is None or row.first_token_s is None or row.sent_s is None:
            unjoined += 1
            continue
        ttft_s = row.first_token_s - row.sent_s
        stamp_s = row.first_token_s + measured.start_s
        found.ttft_ms.append((ttft_s - truth.ttft_s) * 1e3)
        found.stamp_ms.append((stamp_s - truth.events_s[0]) * 1e3)
        found.gap_ms.append(_gap_error_s(row, truth) * 1e3)
    return Errors(found.ttft_ms, found.stamp_ms, found.gap_ms, unjoined)


def _gap_error_s(row: Sample, truth: Truth) -> float:
    return (row.gap_max_s or 0.0) - truth.gap_max_s
