"""What the log tells of a benchmark, a line each: `benchmark ID WHAT: ...`.

The API tells when it is created, cancelled, paused and resumed; the rest is here. No
line has a prompt, an answer, or an upstream's words.
"""

import logging

from shared.clock import utc_label
from shared.run import Ending, Run
from shared.store.run.leases import Lease
from shared.verdict import Judged
from worker.stop import Stop

log = logging.getLogger("worker")

_LEAVES_WORK = (Stop.DRAIN, Stop.PAUSED, Stop.HOPELESS, Stop.LOST)
"""Reasons that leave slots to others, to later, or to nobody."""


def claimed(lease: Lease) -> None:
    """What a claim means for its run. A try whether the upstream is back, every few
    seconds, is no news."""
    if lease.taken_from:
        log.warning(
            "benchmark %s taken over: shard %d of step %d was of %s, which went silent",
            *(lease.job_id, lease.shard, lease.step.number, lease.taken_from),
        )
    if lease.news and not lease.probes:
        log.info(
            "benchmark %s %s: step %d, shards %d, segment %d",
            *(lease.job_id, lease.news, lease.step.number),
            *(lease.shards, lease.segment),
        )


def waits_for_limit(job_id: str, until_ms: int) -> None:
    """Every slot is barred by a limit of the account."""
    log.info(
        "benchmark %s waiting: a limit, until %s", job_id, utc_label(until_ms / 1e3)
    )


def waits_for_upstream(job_id: str) -> None:
    """The upstream is down, and is tried now and then."""
    log.info("benchmark %s waiting: its upstream is down", job_id)


def left(lease: Lease, why: Stop | None) -> None:
    """This worker begins no more calls of a shard that may have some left."""
    if why in _LEAVES_WORK:
        where = (lease.shard, lease.step.number)
        log.info(
            "benchmark %s stopped: %s, shard %d of step %d", lease.job_id, why, *where
        )


def ended(run: Run, summary: Judged) -> None:
    """The verdict, and the counts."""
    ending, verdict = run.ending or Ending.BUG, summary.verdict
    why = "".join(f" {reason.code}" for reason in verdict.reasons)
    of = "" if run.total is None else f" of {run.total}"
    counts = f"calls {run.closed}{of}, failed {run.failed}"
    said = f"{ending.status} ({ending}), {counts}, verdict {verdict.kind}{why}"
    log.info("benchmark %s ended: %s", run.job_id, said)
