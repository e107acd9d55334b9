"""How wrong our own numbers are: rows laid beside the stub's truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.machine import percentile
from bench.ours import Measured
from shared.analysis import ttft_s


@dataclass(frozen=True, slots=True)
class Errors:
    """Measured minus true of every call that was joined, in milliseconds."""

    ttft_ms: list[float]
    """Time to the first token: both its ends are in it."""
    gap_ms: list[float]
    """Every gap between two tokens. An event that is read together with the next one
    makes two of them wrong: the gap before it long, the one behind it nothing."""
    longest_gap_ms: list[float]
    """The longest gap of each stream: a single late stamp in it is enough."""
    unjoined: int
    """Rows that cannot be laid beside a truth: failed calls, and streams of which we
    kept another number of events than the stub wrote."""

    @staticmethod
    def at(errors_ms: Sequence[float], percent: float) -> float:
        """Percentile of the absolute errors."""
        return percentile([abs(error_ms) for error_ms in errors_ms], percent)


def errors(measured: Measured, *, after_slot: int) -> Errors:
    """The errors of every row from slot `after_slot` on: those before it are the first
    round, which opens the connections. The plan must have kept its events."""
    found = Errors([], [], [], 0)
    unjoined = 0
    for row in measured.rows:
        if row.slot < after_slot:
            continue
        truth = measured.truth.get(row.generation_id or "")
        events_s = measured.events_s.get(row.generation_id or "", ())
        ours_s = ttft_s(row)
        if truth is None or ours_s is None or len(events_s) != len(truth.events_s):
            unjoined += 1
            continue
        found.ttft_ms.append((ours_s - truth.ttft_s) * 1e3)
        pairs = zip(_gaps_s(events_s), _gaps_s(truth.events_s), strict=True)
        found.gap_ms.extend((gap_s - true_s) * 1e3 for gap_s, true_s in pairs)
        longest_s = (row.gap_max_s or 0.0) - truth.gap_max_s
        found.longest_gap_ms.append(longest_s * 1e3)
    return Errors(found.ttft_ms, found.gap_ms, found.longest_gap_ms, unjoined)


def _gaps_s(events_s: Sequence[float]) -> list[float]:
    return [later_s - earlier_s for earlier_s, later_s in pairwise(events_s)]
