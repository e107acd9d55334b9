"""How many answers passed their checks."""

from typing import TYPE_CHECKING

import numpy as np

from shared.analysis.worth.records import PassRate
from shared.analysis.worth.shares import clustered

if TYPE_CHECKING:
    from shared.analysis.groups import RunColumns
    from shared.analysis.windows import Group


def pass_rate(run: "RunColumns", ok: "Group") -> PassRate | None:
    """Of calls that succeeded; None where no answer of the run has checks."""
    if not run.has_checks:
        return None
    passed = run.column["passed"][ok]
    codes, names = run.text["failed_check"]
    checked = ok[~np.isnan(passed)]
    undecided = int((np.isnan(passed) & (codes[ok] >= 0)).sum())
    good = run.column["passed"][checked] == 1
    _, prompt = np.unique(run.column["prompt"][checked], return_inverse=True)
    of = np.bincount(prompt)
    each = np.bincount(prompt, weights=good).astype(int)
    low = high = None
    if len(checked):
        low, high = clustered(list(zip(each.tolist(), of.tolist(), strict=True)))
    failed = np.bincount(codes[checked[~good]], minlength=len(names)).tolist()
    return PassRate(
        passed=int(good.sum()),
        checked=len(checked),
        undecided=undecided,
        prompts=len(of),
        share=float(good.mean()) if len(checked) else None,
        low=low,
        high=high,
        failed={name: n for name, n in sorted(zip(names, failed, strict=True)) if n},
    )
