"""The figures of one group of a run's rows: counted, timed, priced.

A group is an array of positions in the columns. Only the last attempt of a slot is a
call (`final`); tokens and money are summed over every row of the group.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.analysis.columns import Columns
from shared.analysis.distributions import (
    adjusted,
    known,
    of_calls,
    of_gaps,
    pool_gaps,
    total,
)
from shared.analysis.metrics import LATE_S, spread
from shared.analysis.percentiles import Distribution
from shared.analysis.summary import (
    Counts,
    Goodput,
    Throughput,
)
from shared.analysis.windows import (
    Group,
    Stretch,
    Windows,
    asked_and_achieved,
    peak_open,
    per_s,
    stretches_of,
    windows,
)
from shared.analysis.worth.cost import cost, sum_of, tokens
from shared.analysis.worth.integrity import integrity, troubles_of
from shared.analysis.worth.passing import pass_rate
from shared.plan import Slo
from shared.sample import NOT_BILLED, Note, Outcome

Mask = NDArray[np.bool_]


class RunColumns:
    """The columns of a run as arrays, and what is computed once for all its groups."""

    def __init__(self, columns: Columns, *, stall_s: float) -> None:
        table = columns.table
        self.column: dict[str, NDArray[Any]] = {
            name: table[name].to_numpy()
            for name in table.columns
            if table[name].dtype != "category"
        }
        self.text = {
            name: (table[name].cat.codes.to_numpy(), list(table[name].cat.categories))
            for name in (
                *("outcome", "provider", "tokens_from", "upstream", "error", "notes"),
                "failed_check",
            )
        }
        self.final: Mask = self.column["final"]
        self.ok = self.final & self.said("outcome", Outcome.OK)
        self.cancelled = self.final & self.said("outcome", Outcome.CANCELLED)
        self.dropped = self.final & self.said("outcome", Outcome.DROPPED)
        self.failed = self.final & ~self.ok & ~self.cancelled & ~self.dropped
        self.sent: Mask = ~np.isnan(self.column["sent_s"])
        unbilled = [self.said("outcome", each) for each in NOT_BILLED]
        self.billable: Mask = self.sent & ~np.logical_or.reduce(unbilled)
        checks, _ = self.text["failed_check"]
        self.has_checks = bool((checks >= 0).any()) or bool(
            (~np.isnan(self.column["passed"])).any()
        )
        # An answer that has no checks need not pass any.
        self.is_good: Mask = self.ok & ((self.column["passed"] == 1) | (checks < 0))
        self.stall_s = stall_s
        self.troubles = troubles_of(self, stall_s)
        self.stretches, self.steady = stretches_of(
            self.column["step"],
            self.column["segment"],
            self.column["sent_s"],
            self.column["ended_s"],
            is_retry=self.column["retry"] > 0,
        )
        # Every group is a union of these: rows of one step, target and provider.
        codes, names = self.text["provider"]
        pair = self.column["step"] * (1 + self.column["target"].max(initial=0))
        cell = (pair + self.column["target"]) * (1 + len(names)) + 1 + codes
        cells, self.cell = np.unique(cell, return_inverse=True)
        arrived = np.empty(len(table), dtype=np.int64)
        arrived[table.index.to_numpy()] = np.where(self.ok, self.cell, -1)
        self.gap_buckets, self.gap_counts = pool_gaps(columns.gaps, arrived, len(cells))

    def noted(self, note: Note) -> Mask:
        """Which rows have this note."""
        codes, texts = self.text["notes"]
        saying = [n for n, text in enumerate(texts) if note in text.split()]
        return np.isin(codes, saying)

    def said(self, name: str, text: str) -> Mask:
        """Which rows have this text in this column."""
        codes, texts = self.text[name]
        found: Mask = codes == (texts.index(text) if text in texts else -2)
        return found


def figures(
    run: RunColumns, group: Group, stretches: Sequence[Stretch], slo: Slo | None
) -> dict[str, Any]:
    """The fields of `summary.Figures` for these rows, over these stretches of time."""
    ok = group[run.ok[group]]
    values = {name: known(run.column[one.name][ok]) for name, one in spread().items()}
    each = {name: of_calls(known_s) for name, known_s in values.items()}
    failures = int((run.failed | run.dropped)[group].sum())
    good = _good(run, ok, slo)
    measured_s = _measured_s(run, group, ok, windows(stretches))
    return {
        "avg": each["latency"].mean,
        "min": each["latency"].min,
        "max": each["latency"].max,
        "std_dev": each["latency"].sd,
        "total_runs": int(run.final[group].sum()),
        "successful_runs": len(ok),
        "total_tokens": sum_of(run.column["total_tokens"][group]),
        **each,
        "gap": _gaps(run, ok),
        "latency_adjusted": adjusted(values["latency"], len(ok), failures),
        "ttft_adjusted": adjusted(values["ttft"], len(ok), failures),
        "counts": _counts(run, group),
        "throughput": _throughput(run, group, ok, stretches),
        "goodput": slo and _goodput(run, good, len(ok) + failures, measured_s, slo),
        "cost": cost(run, group, int(run.is_good[good].sum())),
        "tokens": tokens(run, group),
        "pass_rate": pass_rate(run, ok),
        "integrity": integrity(run, group),
    }


def _gaps(run: RunColumns, ok: Group) -> Distribution:
    sums = run.column["gap_sum_s"][ok]
    calls = int((~np.isnan(sums)).sum())
    if not calls:
        return of_calls(np.empty(0))
    return of_gaps(
        run.gap_buckets,
        run.gap_counts[np.unique(run.cell[ok])].sum(axis=0),
        total(known(sums)),
        float(np.nanmax(run.column["gap_max_s"][ok])),
        calls,
    )


def _counts(run: RunColumns, group: Group) -> Counts:
    queue = run.column["queue_s"][group[run.column["first"][group]]]
    codes, texts = run.text["outcome"]
    final = group[run.final[group]]
    each = np.bincount(codes[final], minlength=len(texts))
    outcomes = dict(sorted(zip(texts, each.tolist(), strict=True)))
    return Counts(
        ok=int(run.ok[group].sum()),
        failed=int(run.failed[group].sum()),
        dropped=int(run.dropped[group].sum()),
        cancelled=int(run.cancelled[group].sum()),
        late=int((queue > LATE_S).sum()),
        scheduled=int((~np.isnan(queue)).sum()),
        retries=int(run.column["retried"][group].sum()),
        turned_away=int(run.column["turned_away"][group].sum()),
        cache_hits=int((run.column["cache_hit"][group] == 1).sum()),
        prompt_cache_hits=int((run.column["cached_tokens"][group] > 0).sum()),
        outcomes={outcome: n for outcome, n in outcomes.items() if n},
        notes=_notes(run, group),
    )


def _notes(run: RunColumns, group: Group) -> dict[str, int]:
    """Code -> how many rows have this note, sorted by code."""
    codes, texts = run.text["notes"]
    each = np.bincount(codes[group] + 1, minlength=len(texts) + 1)[1:]
    found: Counter[str] = Counter()
    for text, n in zip(texts, each.tolist(), strict=True):
        for code in text.split() if n else ():
            found[code] += n
    return dict(sorted(found.items()))


def _throughput(
    run: RunColumns, group: Group, ok: Group, stretches: Sequence[Stretch]
) -> Throughput:
    window = windows(stretches)
    steady = ok[run.steady[ok]]
    measured_s = _measured_s(run, group, ok, window)
    tokens = run.column["output_tokens"]
    first = group[run.column["first"][group] & ~(run.cancelled & ~run.sent)[group]]
    asked, achieved = asked_and_achieved(
        *(run.column[name][first] for name in ("step", "segment", "due_s", "started_s"))
    )
    return Throughput(
        measured_window_s=window.measured_s,
        requests_per_s=per_s(len(steady), measured_s),
        output_tokens_per_s=per_s(
            sum_of(tokens[steady]) if len(steady) else 0, measured_s
        ),
        whole_window_s=window.whole_s,
        whole_requests_per_s=per_s(len(ok), window.whole_s),
        whole_output_tokens_per_s=per_s(
            sum_of(tokens[ok]) if len(ok) else 0, window.whole_s
        ),
        peak_open=peak_open(
            *(
                run.column[name][group]
                for name in ("step", "segment", "sent_s", "ended_s")
            )
        ),
        asked_rate_per_s=asked,
        achieved_rate_per_s=achieved,
    )


def _measured_s(
    run: RunColumns, group: Group, ok: Group, window: Windows
) -> float | None:
    """How long the load was steady, for rates; None where it never was: of one volley
    no call ends before the last is sent, so a rate of 0 would be one over no time."""
    ended = run.steady[ok] if len(ok) else run.steady[group]
    return window.measured_s if ended.any() else None


def _good(run: RunColumns, ok: Group, slo: Slo | None) -> Group:
    """The calls that met every objective; without objectives, those that succeeded."""
    good = np.ones(len(ok), dtype=bool)
    for name, limit in (slo.limits() if slo else {}).items():
        # A comparison with NaN is false: what is not known is a miss.
        good &= run.column[name][ok] <= limit
    return ok[good]


def _goodput(
    run: RunColumns,
    good: Group,
    asked: int,
    measured_s: float | None,
    slo: Slo,
) -> Goodput:
    steady = int(run.steady[good].sum())
    return Goodput(
        slo=slo.limits(),
        good=len(good),
        share=len(good) / asked if asked else None,
        requests_per_s=per_s(steady, measured_s),
    )
