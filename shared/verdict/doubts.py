"""Why a run may not be believed: one small function for each doubt.

A thing that nobody observed is unknown, and no reason to doubt.
"""

from collections import Counter

from shared.analysis import LATE_S, MOST_OFF
from shared.verdict.failures import FAILURES
from shared.verdict.records import Evidence, Reason, Rule
from shared.verdict.usable import MOST_OFF_SHARE, SOME_OFF_SHARE, touched

LEAST_RATE = 0.98
MOST_LAG_S = 0.020
MOST_CPU = 0.90
MANY_STREAMS = 200
"""With so many the loop's own stamps were found within 0.5 ms (p99), with 500 in 3."""

_HEADLINE = {"ttft", "latency"}
"""A run of which one of these cannot be used is invalid."""
_DATED_WITH = {
    "ttft": ("ttft", "ttft_visible"),
    "gap": ("gap",),
    "tpot": ("tpot",),
    "latency": ("latency", "response"),
}
"""A figure, and those whose stamps come from the same reads."""
_CALLED = {
    "ttft": "the times to the first token",
    "gap": "the gaps",
    "tpot": "the times per token",
    "latency": "the latencies",
}


def _rate_missed(evidence: Evidence) -> Reason | None:
    asked = evidence.summary.throughput.asked_rate_per_s
    achieved = evidence.summary.throughput.achieved_rate_per_s
    if asked is None or achieved is None or achieved >= LEAST_RATE * asked:
        return None
    return Reason(
        kind="invalid",
        code="rate_missed",
        words=f"Calls were started at {achieved:.4g}/s where {asked:.4g}/s was asked"
        f" ({achieved / asked:.1%}).",
        remedy="Ask a lower rate, allow more calls open at once, or add workers.",
        value=achieved / asked,
        limit=LEAST_RATE,
        figures=("response", "rate"),
    )


def _late_starts(evidence: Evidence) -> Reason | None:
    counts = evidence.summary.counts
    share = counts.late / counts.scheduled if counts.scheduled else 0.0
    if share <= SOME_OFF_SHARE:
        return None
    much = share > MOST_OFF_SHARE
    return Reason(
        kind="invalid" if much else "suspect",
        code="late_starts",
        words=f"{counts.late} of {counts.scheduled} calls ({share:.1%}) started more"
        f" than {LATE_S * 1000:.0f} ms after they were due.",
        remedy="Look at `queue_s`: allow more calls open at once, ask a lower rate, or"
        " give the workers a quieter machine.",
        value=share,
        limit=MOST_OFF_SHARE if much else SOME_OFF_SHARE,
        # From its sending on a late call is timed as any other.
        figures=(*touched("response", share), *(("rate",) if much else ())),
    )


def _not_sent(evidence: Evidence) -> Reason | None:
    """Where nothing was due, no slot can have been dropped for want of a lane."""
    counts = evidence.summary.counts
    if not counts.dropped or counts.scheduled:
        return None
    return Reason(
        kind="invalid",
        code="not_sent",
        words=f"{counts.dropped} calls were never sent: a worker could open no more"
        " connections.",
        remedy="Raise the workers' limit of descriptors (ulimit -n), open fewer calls"
        " per worker, or add workers on other machines.",
        value=float(counts.dropped),
        limit=0.0,
        figures=("rate",),
    )


def _stamp_slack(evidence: Evidence) -> Reason | None:
    """A figure is judged by the reads that dated it, and by no others."""
    shares = evidence.summary.doubtful_shares
    figures = tuple(
        found
        for dated, share in shares.items()
        for figure in _DATED_WITH[dated]
        if figure in evidence.figures
        for found in touched(figure, share)
    )
    if not figures:
        return None
    much = not _HEADLINE.isdisjoint(figures)
    worst = max(
        shares[name] for name in (_HEADLINE & shares.keys() if much else shares)
    )
    said = ", ".join(
        f"{share:.1%} of {_CALLED[name]}"
        for name, share in shares.items()
        if share > SOME_OFF_SHARE
    )
    return Reason(
        kind="invalid" if much else "suspect",
        code="stamp_slack",
        words=f"The worker read late: {said} may be shown more than {MOST_OFF:.0%} too"
        " long.",
        remedy="Open fewer calls per worker, add workers, or use a quieter machine; or"
        " use the other figures alone.",
        value=worst,
        limit=MOST_OFF_SHARE if worst > MOST_OFF_SHARE else SOME_OFF_SHARE,
        figures=figures,
    )


def _loop_lag(evidence: Evidence) -> Reason | None:
    lag = evidence.seen.loop_lag_p99_s
    if lag is None or lag <= MOST_LAG_S:
        return None
    return Reason(
        kind="suspect",
        code="loop_lag",
        words=f"A worker's event loop was {lag * 1000:.1f} ms late (p99).",
        remedy="Open fewer calls per worker, add workers, or use a quieter machine.",
        value=lag,
        limit=MOST_LAG_S,
    )


def _cpu(evidence: Evidence) -> Reason | None:
    share = evidence.seen.cpu_share
    if share is None or share <= MOST_CPU:
        return None
    return Reason(
        kind="suspect",
        code="cpu",
        words=f"A worker used {share:.0%} of a core: the generator may be what was"
        " measured.",
        remedy="Add workers, or ask a lower load of each.",
        value=share,
        limit=MOST_CPU,
    )


def _interrupted(evidence: Evidence) -> Reason | None:
    shards = evidence.seen.interrupted_shards
    if not shards:
        return None
    return Reason(
        kind="suspect",
        code="interrupted",
        words=f"The workers of {shards} share(s) of the work went silent, so the load"
        " was not held all the time.",
        remedy="Run again, with workers that stay.",
        value=float(shards),
        limit=0.0,
    )


def _overlap(evidence: Evidence) -> Reason | None:
    shards = evidence.seen.overlapping_shards
    if not shards:
        return None
    return Reason(
        kind="suspect",
        code="overlap",
        words=f"{shards} share(s) of the work were carried by two workers at once, so"
        " more calls may have been open than asked.",
        remedy="Run again; a worker that stalls longer than its lease is the cause.",
        value=float(shards),
        limit=0.0,
    )


def _mixed_versions(evidence: Evidence) -> Reason | None:
    versions = evidence.seen.versions or ()
    if len(versions) < 2:
        return None
    return Reason(
        kind="suspect",
        code="mixed_versions",
        words=f"Workers of several versions made the calls: {', '.join(versions)}.",
        remedy="Upgrade all workers, then run again.",
        value=float(len(versions)),
        limit=1.0,
    )


def _mixed_upstreams(evidence: Evidence) -> Reason | None:
    """Targets that ask several upstreams, as the plan says, are no doubt; one that was
    asked at several is."""
    upstreams: dict[str, int] = {}
    for target in evidence.summary.targets:
        if len(target.upstreams) > 1:
            for name, n in target.upstreams.items():
                upstreams[name] = upstreams.get(name, 0) + n
    if not upstreams:
        return None
    said = ", ".join(f"{name} ({n} rows)" for name, n in upstreams.items())
    return Reason(
        kind="suspect",
        code="mixed_upstreams",
        words=f"Several upstreams were asked, and are in the same figures: {said}.",
        remedy="Give all workers the same OPENROUTER_BASE_URL and UPSTREAMS_FILE, and"
        " run again; the column `upstream` tells the rows apart.",
        value=float(len(upstreams)),
        limit=1.0,
    )


def _mixed_keys(evidence: Evidence) -> Reason | None:
    prints = Counter(each.rpartition(" ")[0] for each in evidence.seen.keys or ())
    keys = max(prints.values(), default=0)
    if keys < 2:
        return None
    return Reason(
        kind="suspect",
        code="mixed_keys",
        words=f"Calls to one upstream were made with {keys} keys, which may have other"
        " limits and other routes.",
        remedy="Give all workers the same key, and change it between runs.",
        value=float(keys),
        limit=1.0,
    )


def _shared_upstream(evidence: Evidence) -> Reason | None:
    beside = evidence.seen.beside or ()
    if not beside:
        return None
    return Reason(
        kind="suspect",
        code="shared_upstream",
        words="Other runs were measured on the same upstream at the same time, and each"
        f" may have slowed the other: {', '.join(beside)}.",
        remedy="Run again with `exclusive`, or when nothing else runs.",
        value=float(len(beside)),
        limit=0.0,
    )


def _loop_stamps(evidence: Evidence) -> Reason | None:
    streams = evidence.summary.throughput.peak_open
    only_loop = evidence.seen.loop_stamps and not evidence.seen.kernel_stamps
    if not only_loop or not evidence.plan.stream or streams <= MANY_STREAMS:
        return None
    return Reason(
        kind="suspect",
        code="loop_stamps",
        words=f"All stamps are the event loop's own, with {streams} streams open"
        " at once; the kernel gave none.",
        remedy="Measure from Linux without a proxy in the way of the socket option,"
        f" or open no more than {MANY_STREAMS} streams.",
        value=float(streams),
        limit=float(MANY_STREAMS),
    )


DOUBTS: tuple[Rule, ...] = (
    *FAILURES,
    _rate_missed,
    _late_starts,
    _not_sent,
    _stamp_slack,
    _loop_lag,
    _cpu,
    _interrupted,
    _overlap,
    _mixed_versions,
    _mixed_upstreams,
    _mixed_keys,
    _shared_upstream,
    _loop_stamps,
)
