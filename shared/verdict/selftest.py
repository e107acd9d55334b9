"""The self-test's records, and the arithmetic between our rows and the truth.

Each stamp of ours is laid beside the simulator's own of the same moment; both are of
the machine's one monotonic clock. docs/selftest.md says whose each difference is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import Field, JsonValue

from shared.analysis import MOST_OFF, least_n, linear
from shared.fields import Frozen, Moment
from shared.sample import Sample
from shared.verdict.records import Judged, Verdict

SCHEMA = 1

STREAMS = (1, 50, 200)
"""How many streams are open at once, in the cases of an ordinary self-test."""
MOST_STREAMS = 1000
MOST_SIZES = 6

TTFT_S = 0.200
GAP_S = 0.021
"""No multiple of the time between two staggered calls, or many would speak at once."""
TOKENS = 16
CALL_S = TTFT_S + (TOKENS - 1) * GAP_S
ROUNDS = 3
"""Calls that each stream makes: with 200 streams enough for a p99."""

MOST_OFF_S = MOST_OFF * TTFT_S
"""Beyond it the verdict should have said so: it is where `stamp_slack` begins."""

Mode: TypeAlias = Literal["staggered", "lockstep"]

Starts: TypeAlias = Mapping[tuple[int, int, str], float]
"""(step, segment, worker) of a row -> the monotonic second from which it counts."""


class Error(Frozen):
    """Measured minus true, in seconds, over the calls of one case."""

    p50_s: float | None = Field(
        description="Median, with its sign: the bias. None without calls."
    )
    p99_s: float | None = Field(
        description="99 % of the calls were off by no more, early or late."
    )


class Case(Frozen):
    """So many streams at once: what was measured, beside what was true."""

    streams: int = Field(description="How many were open at once.")
    mode: Mode = Field(
        description="`staggered`: begun one after another; `lockstep`: all at once."
    )
    calls: int = Field(description="Asked for.")
    n: int = Field(description="Ended `ok`, and stand in the simulator's ledger.")
    peak_open: int = Field(description="The most calls open at once.")
    ttft_error: Error = Field(description="Of the time to the first token.")
    gap_error: Error = Field(description="Of the time from first to last token.")
    latency_error: Error = Field(description="Of the whole call.")
    request_wait_min_s: float | None = Field(
        description="From our `sent_s` until the simulator read the request, at the"
        " soonest: that far `sent_s` may be off."
    )
    request_wait_p99_s: float | None = Field(
        description="The same; with many calls at once it is the simulator's queue."
    )
    simulator_late_p99_s: float | None = Field(
        description="How late it sent; no error of ours, for its ledger says so."
    )
    stamp_slack_p99_s: float | None = Field(
        description="How late our stamps might have been, by our own account."
    )
    verdict: Verdict = Field(description="What a run of these calls is called.")

    @property
    def supported(self) -> bool:
        """Whether there are calls enough for a p99."""
        return self.n >= least_n(99)

    @property
    def failure(self) -> str | None:
        """Why this case does not stand; None when it does."""
        if self.n < self.calls:
            return f"{self.calls - self.n} of {self.calls} calls are lost"
        if self.verdict.kind == "invalid":
            codes = (reason.code for reason in self.verdict.reasons)
            return f"the verdict is invalid ({', '.join(codes)})"
        off_s, wait_s = self.ttft_error.p99_s, self.request_wait_min_s
        if off_s is None or off_s > MOST_OFF_S:
            said = not {"ttft", "ttft.p99"}.isdisjoint(self.verdict.unusable)
            how = "as its verdict says" if said else "and the verdict let it pass"
            return f"off by {_ms(off_s)} ms (p99), {how}"
        if wait_s is None or not 0 <= wait_s <= MOST_OFF_S:
            return f"a request came {_ms(wait_s)} ms after its stamp at the soonest"
        return None


class SelfTest(Frozen):
    """How wrong this machine's measurements are."""

    schema_version: int = Field(default=SCHEMA, description="Of this record.")
    made_at: Moment = Field(description="When it was made: a label.")
    took_s: float = Field(description="How long it took, in seconds.")
    ttft_s: float = Field(default=TTFT_S, description="As the simulator was told.")
    gap_s: float = Field(default=GAP_S, description="As the simulator was told.")
    tokens: int = Field(default=TOKENS, description="Of each answer, an event each.")
    machine: dict[str, JsonValue] = Field(
        description="Host, cores, system, and the versions that were tested."
    )
    cases: tuple[Case, ...] = Field(description="Each number of streams, twice.")
    passed: bool = Field(description="Every case stands.")
    conclusion: str = Field(description="One sentence.")


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one call, monotonic seconds."""

    request_s: float
    """Ours: handed to the socket. The simulator's: its first bytes were read."""
    first_token_s: float
    last_token_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One call as we saw it, and as it was."""

    ours: Moments
    true: Moments
    late_max_s: float
    """The worst delay of a write of the simulator after its due time."""


def pair_up(
    rows: Iterable[Sample], starts: Starts, ledger: Iterable[Mapping[str, Any]]
) -> list[Pair]:
    """Each row that ended `ok` with its record of the simulator's ledger.

    Rows without a record, and records without a row, are left out.
    """
    records = {record["id"]: record for record in ledger}
    pairs = []
    for row in rows:
        record = records.get(row.generation_id)
        ours = _ours(row, starts)
        if row.ok and record is not None and ours is not None:
            pairs.append(Pair(ours, _true(record), record["late_max_s"]))
    return pairs


def case_of(
    streams: int, mode: Mode, calls: int, pairs: Sequence[Pair], summary: Judged
) -> Case:
    """One case, of its calls and of its run's summary."""
    waits = sorted(pair.true.request_s - pair.ours.request_s for pair in pairs)
    return Case(
        streams=streams,
        mode=mode,
        calls=calls,
        n=len(pairs),
        peak_open=summary.throughput.peak_open,
        ttft_error=_error(
            pair.ours.first_token_s - pair.true.first_token_s for pair in pairs
        ),
        gap_error=_error(_spoke_s(pair.ours) - _spoke_s(pair.true) for pair in pairs),
        latency_error=_error(pair.ours.ended_s - pair.true.ended_s for pair in pairs),
        request_wait_min_s=waits[0] if waits else None,
        request_wait_p99_s=linear(waits, 99),
        simulator_late_p99_s=linear(sorted(pair.late_max_s for pair in pairs), 99),
        stamp_slack_p99_s=summary.stamp_slack_p99_s,
        verdict=summary.verdict,
    )


def conclude(cases: Iterable[Case]) -> str:
    """One sentence: up to how many streams to believe this machine, and why no more.

    cases: at least one, in any order.
    """
    stand: list[Case] = []
    for case in sorted(cases, key=lambda case: case.streams):
        if case.failure:
            break
        stand.append(case)
    else:
        return f"{_praise(stand)}."
    lesser = [each for each in stand if each.streams < case.streams]
    limit = f"with {_named(case)} {case.failure}"
    if not lesser:
        return f"This machine's figures may not be believed now: {limit}."
    return f"{_praise(lesser)}; {limit}."


def _praise(cases: list[Case]) -> str:
    worst_s = max(case.ttft_error.p99_s or 0.0 for case in cases)
    return (
        f"This machine's figures may be believed up to {_streams(cases[-1].streams)}:"
        f" a time to the first token was off by {_ms(worst_s)} ms at most (p99)"
    )


def _named(case: Case) -> str:
    return f"{_streams(case.streams)} ({case.mode})"


def _streams(n: int) -> str:
    return f"{n} stream{'' if n == 1 else 's'}"


def _ms(value_s: float | None) -> str:
    return "an unknown number of" if value_s is None else f"{value_s * 1000:.2f}"


def _ours(row: Sample, starts: Starts) -> Moments | None:
    start_s = starts.get((row.step, row.segment, row.worker))
    if start_s is None:
        return None
    stamps = (row.sent_s, row.first_token_s, row.last_token_s, row.ended_s)
    known = [start_s + stamp for stamp in stamps if stamp is not None]
    return Moments(*known) if len(known) == len(stamps) else None


def _true(record: Mapping[str, Any]) -> Moments:
    names = ("received_s", "first_token_s", "last_token_s", "ended_s")
    return Moments(*(record[name] for name in names))


def _spoke_s(moments: Moments) -> float:
    return moments.last_token_s - moments.first_token_s


def _error(differences_s: Iterable[float]) -> Error:
    differences = sorted(differences_s)
    return Error(
        p50_s=linear(differences, 50),
        p99_s=linear(sorted(map(abs, differences)), 99),
    )
