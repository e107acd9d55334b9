"""First attempts beside what came of their slots: what retries hide, shown."""

import numpy as np

from shared.analysis.distributions import Floats, known, of_calls
from shared.analysis.groups import Tally
from shared.analysis.summary import AttemptFigures, Attempts
from shared.analysis.windows import Rows
from shared.sample import Outcome


def attempts(run: Tally, rows: Rows) -> Attempts:
    """rows: all rows of some slots.

    An attempt that a limit of the account turned away, that we cut, or that was lost
    with a connection that we had kept is no answer of the upstream, and passed over.
    """
    slot = np.cumsum(run.of["first"])
    retried = rows[run.of["retried"][rows]]
    last = rows[run.final[rows]]
    answers = rows[(run.final | run.of["retried"])[rows]]
    first = answers[np.unique(slot[answers], return_index=True)[1]]
    begun_s = _begun_s(run, first)
    # A pause or a gap between two segments is nobody's waiting time.
    begun_s[run.of["segment"][first] != run.of["segment"][last]] = np.nan
    return Attempts(
        first=_figures(run, first, run.of["sent_s"][first]),
        perceived=_figures(run, last, begun_s),
        retried_slots=len(np.unique(slot[retried])),
        retries=len(retried),
    )


def _begun_s(run: Tally, first: Rows) -> Floats:
    """When each slot's first attempt was due; in a closed load, when it was sent, or
    tried to be."""
    due_s, sent_s, started_s = (
        run.of[name][first] for name in ("due_s", "sent_s", "started_s")
    )
    tried_s = np.where(np.isnan(sent_s), started_s, sent_s)
    return np.where(np.isnan(due_s), tried_s, due_s)


def _figures(run: Tally, calls: Rows, begun_s: Floats) -> AttemptFigures:
    """calls: one row of each slot. begun_s: from when its times count."""
    ok = run.said("outcome", Outcome.OK)[calls]
    neither = run.said("outcome", Outcome.DROPPED) | run.said(
        "outcome", Outcome.CANCELLED
    )
    good, bad = int(ok.sum()), int((~ok & ~neither[calls]).sum())

    def until(stamp: str) -> Floats:
        return known(np.round(run.of[stamp][calls] - begun_s, 9)[ok])

    return AttemptFigures(
        ok=good,
        failed=bad,
        success_share=good / (good + bad) if good + bad else None,
        latency=of_calls(until("ended_s")),
        ttft=of_calls(until("first_token_s")),
    )
