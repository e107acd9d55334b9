"""How often answers did not come whole, and what that cost."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.analysis.worth.cost import spent
from shared.analysis.worth.records import Integrity, Trouble
from shared.analysis.worth.shares import at_most, wilson
from shared.sample import Note, Outcome

if TYPE_CHECKING:
    from shared.analysis.groups import RunColumns
    from shared.analysis.windows import Group

Mask = NDArray[np.bool_]
Troubles = dict[str, tuple[Mask, Mask]]
"""By name: which rows were so, and which could have been."""


def troubles_of(run: "RunColumns", stall_s: float) -> Troubles:
    """Every trouble that `Integrity` has a field for, of all rows of the run."""

    def ended(*outcomes: Outcome) -> Mask:
        found: Mask = np.zeros(len(run.final), dtype=bool)
        for each in outcomes:
            found |= run.said("outcome", each)
        return found

    ours = ended(Outcome.CANCELLED, Outcome.UNFINISHED)
    # What a limit of the account turned away says nothing of who answers.
    counts = ~run.column["turned_away"].astype(bool) & ~ours
    status = run.column["status"]
    answered: Mask = counts & ~np.isnan(status)
    begun: Mask = counts & (status == 200)
    streamed = begun & ~np.isnan(run.column["first_token_s"])
    whole = streamed & ended(Outcome.OK, Outcome.EMPTY, Outcome.NO_TEXT)
    silent = run.column["gap_max_s"] > stall_s
    return {
        "error_in_200": (ended(Outcome.ERROR_IN_200), begun),
        "truncated": (ended(Outcome.TRUNCATED), begun),
        "empty": (ended(Outcome.EMPTY, Outcome.NO_TEXT), begun),
        "refused": (ended(Outcome.REFUSED), answered),
        "stalled": (silent | ended(Outcome.TIMEOUT_IDLE), streamed),
        "no_done": (run.noted(Note.NO_DONE), whole),
        "one_burst": (run.noted(Note.ONE_BURST), whole),
    }


def integrity(run: "RunColumns", group: "Group") -> Integrity:
    """How often each was so, among the rows of a group."""
    found = {
        name: _trouble(run, group[so[group] & among[group]], int(among[group].sum()))
        for name, (so, among) in run.troubles.items()
    }
    return Integrity(**found, stall_s=run.stall_s)


def _trouble(run: "RunColumns", rows: "Group", of: int) -> Trouble:
    n = len(rows)
    low = high = None
    if of:
        low, high = wilson(n, of) if n else (0.0, at_most(of))
    return Trouble(
        n=n,
        of=of,
        share=n / of if of else None,
        low=low,
        high=high,
        usd=spent(run.column["cost_usd"][rows]),
    )
