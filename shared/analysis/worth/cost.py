"""What answers cost, and the tokens that they report."""

from typing import TYPE_CHECKING

import numpy as np

from shared.analysis.distributions import Floats, known, total
from shared.analysis.worth.records import Cost, Tokens
from shared.sample import Outcome

if TYPE_CHECKING:
    from shared.analysis.groups import RunColumns
    from shared.analysis.windows import Group


def cost(run: "RunColumns", group: "Group", good: int) -> Cost:
    """Of the rows of a group. good: calls of it that were good."""
    usd = run.column["cost_usd"][group]
    priced = ~np.isnan(usd)
    wasted = (run.sent & ~run.said("outcome", Outcome.OK))[group]
    final = run.final[group]
    truncated = run.said("outcome", Outcome.TRUNCATED)[group]
    billed, wasted_usd = billed_usd(usd), spent(usd[wasted])
    output = sum_of(run.column["output_tokens"][group[priced]])
    return Cost(
        billed_usd=billed,
        rows_reporting=int(priced.sum()),
        rows_silent=int((run.sent[group] & ~priced).sum()),
        rows_unaccounted=int((run.billable[group] & ~priced).sum()),
        usd_per_row=_ratio(billed, int(priced.sum()), 1),
        good=good,
        usd_per_1000_good=_ratio(billed, good, 1_000),
        usd_per_1m_output_tokens=_ratio(billed, output, 1_000_000),
        wasted_usd=wasted_usd,
        wasted_share=wasted_usd / billed if billed and wasted_usd is not None else None,
        failed_usd=spent(usd[wasted & final]),
        retried_usd=spent(usd[wasted & ~final]),
        truncated_usd=spent(usd[truncated]),
    )


def spent(usd: Floats) -> float | None:
    """What these rows cost: nothing where there are none."""
    return billed_usd(usd) if len(usd) else 0.0


def billed_usd(usd: Floats) -> float | None:
    """The sum of the costs that are known; None when none is."""
    priced = known(usd)
    return total(priced) if len(priced) else None


def _ratio(usd: float | None, amount: int | None, per: int) -> float | None:
    return usd * per / amount if usd is not None and amount else None


def tokens(run: "RunColumns", group: "Group") -> Tokens:
    """Of the rows of a group."""
    return Tokens(
        prompt=sum_of(run.column["prompt_tokens"][group]),
        output=sum_of(run.column["output_tokens"][group]),
        reasoning=sum_of(run.column["reasoning_tokens"][group]),
        cached=sum_of(run.column["cached_tokens"][group]),
        rows_reporting=len(known(run.column["total_tokens"][group])),
        rows_estimated=int(run.said("tokens_from", "events")[group].sum()),
    )


def sum_of(counts: Floats) -> int | None:
    """The sum of the counts that are known; None when none is."""
    some = counts[~np.isnan(counts)]
    return int(some.sum()) if len(some) else None
