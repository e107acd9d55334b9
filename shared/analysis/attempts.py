"""First attempts beside what came of their slots: what retries hide, shown."""

import numpy as np

from shared.analysis.distributions import Floats, known, of_calls
from shared.analysis.groups import RunColumns
from shared.analysis.summary import AttemptFigures, Attempts
from shared.analysis.windows import Group
from shared.sample import Outcome


def attempts(run: RunColumns, group: Group) -> Attempts:
    """First attempts and slots as perceived; group: all rows of some slots.

    An attempt that a limit of the account turned away, that we cut, or that was lost
    with a connection that we had kept is no answer of the upstream, and is left out.
    """
    slot = np.cumsum(run.column["first"])
    retried = group[run.column["retried"][group]]
    last = group[run.final[group]]
    answers = group[(run.final | run.column["retried"])[group]]
    first = answers[np.unique(slot[answers], return_index=True)[1]]
    begun_s = _begun_s(run, first)
    # A pause or a gap between two segments is nobody's waiting time.
    begun_s[run.column["segment"][first] != run.column["segment"][last]] = np.nan
    return Attempts(
        first=_figures(run, first, run.column["sent_s"][first]),
        perceived=_figures(run, last, begun_s),
        retried_slots=len(np.unique(slot[retried])),
        retries=len(retried),
    )


def _begun_s(run: RunColumns, first: Group) -> Floats:
    """When each slot's first attempt was due; in a closed load, when it was sent, or
    tried to be."""
    due_s, sent_s, started_s = (
        run.column[name][first] for name in ("due_s", "sent_s", "started_s")
    )
    tried_s = np.where(np.isnan(sent_s), started_s, sent_s)
    return np.where(np.isnan(due_s), tried_s, due_s)


def _figures(run: RunColumns, calls: Group, begun_s: Floats) -> AttemptFigures:
    """calls: one row of each slot. begun_s: from when its times count."""
    ok = run.said("outcome", Outcome.OK)[calls]
    neither = run.said("outcome", Outcome.DROPPED) | run.said(
        "outcome", Outcome.CANCELLED
    )
    good, bad = int(ok.sum()), int((~ok & ~neither[calls]).sum())

    def until(stamp: str) -> Floats:
        return known(np.round(run.column[stamp][calls] - begun_s, 9)[ok])

    return AttemptFigures(
        ok=good,
        failed=bad,
        success_share=good / (good + bad) if good + bad else None,
        latency=of_calls(until("ended_s")),
        ttft=of_calls(until("first_token_s")),
    )
