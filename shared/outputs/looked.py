"""The targets of one run beside each other, and what a planned look at them says.

A look reads its rows by way of samples.csv, as a comparison does after the end: then
both cannot but say the same. Import this late, for it imports pandas and scipy.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.comparison import Side
from shared.comparison.compare import at_look
from shared.comparison.contest import Contest, Entrant
from shared.comparison.looks import AT_END, LOOKS, Look, LookAnswer
from shared.outputs.calls import RunCalls, read_calls
from shared.outputs.csv import write_csv
from shared.plan import Plan, total

if TYPE_CHECKING:
    from shared.analysis.columns import Columns


def contest_of(
    plan: Plan,
    calls: RunCalls,
    job_id: str,
    *,
    barred: frozenset[str] = frozenset(),
    look: Look = AT_END,
) -> Contest:
    """The targets of a run that have calls.

    barred: figures that its verdict calls unusable. look: the one that ended it.
    """
    labels = [target.label() for target in plan.targets]
    entrants = tuple(
        Entrant(Side(job_id=job_id, target=label), label, calls.targets[label], barred)
        for label in labels
        if label in calls.targets
    )
    slots, until = total(plan), plan.until
    return Contest(
        entrants,
        planned=None if slots is None else slots // len(labels),
        look=look,
        asked=frozenset(until.decided) if until else frozenset(),
        margin=until.margin if until else None,
    )


def looked(plan: Plan, rows: "Columns", number: int) -> LookAnswer | None:
    """What a look at the run says; None where there are no two targets with calls.

    number: of the look, from 1. rows: those of the steps up to the look.
    """
    with TemporaryDirectory(prefix="llmbench-look-") as folder:
        path = Path(folder) / "samples.csv"
        with path.open("wb") as file:
            file.writelines(write_csv(plan, rows))
        (calls,) = read_calls([(plan, path)])
    return at_look(contest_of(plan, calls, "", look=LOOKS[number - 1]))
