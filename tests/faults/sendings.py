"""One call, one row, one bill: kept connections that end under a request.

The upstream reads a request, works on it, and leaves without a byte. It may be sent
again only as an attempt of its own, which everybody can see.
"""

from collections import Counter
from dataclasses import dataclass

from shared.plan.loads import Concurrency, Load
from shared.run import Status
from shared.sample import Outcome
from tests.faults.figure import Figure, a_folder
from tests.faults.stack import Stack, a_plan, a_stack

MODELS = ("kept/fin/3", "kept/rst/3")
LANES = 4


@dataclass(frozen=True)
class Sendings:
    """What became of one run."""

    calls: int
    """By the upstream's ledger."""
    rows: int
    unsaid: int
    """Calls upstream of a prompt beyond its rows."""
    lost: int
    """Rows of connections that ended before a byte."""
    lost_fresh: int
    """Of them those whose connection had carried no call before."""
    again_most: int
    """Most rows of one slot that were lost so."""
    failed: int
    """Slots that did not end well."""


async def sent(stack: Stack, n: int, load: Load) -> Sendings:
    """One run of `n` prompts for each way of leaving, on connections that are kept."""
    plan = a_plan(*MODELS, n=n, load=load)
    job_id = await stack.submit(plan)
    done = await stack.reaches(job_id, Status.DONE)
    rows = await stack.rows(job_id)
    made = [call for call in stack.upstream.ledger if call.model in MODELS]
    each = Counter((call.model, call.prompt) for call in made)
    each.subtract(
        (plan.targets[row.target].model, f"Say {row.prompt}.") for row in rows
    )
    lost = [row for row in rows if row.outcome is Outcome.DISCONNECTED]
    cut = Counter(row.slot for row in lost)
    await stack.balanced(job_id)
    return Sendings(
        calls=len(made),
        rows=len(rows),
        unsaid=sum(abs(difference) for difference in each.values()),
        lost=len(lost),
        lost_fresh=sum(not row.reused for row in lost),
        again_most=max(cut.values(), default=0),
        failed=done.failed,
    )


async def sendings(long: bool) -> list[Figure]:
    async with a_stack(a_folder(), warm=True) as stack:
        stack.fleet.start()
        lanes = Concurrency(concurrency=LANES)
        found = await sent(stack, 200 if long else 20, lanes)
    once = found.again_most <= 1 and not (found.unsaid or found.lost_fresh)
    return [
        Figure(
            22,
            "calls upstream beyond their rows, where kept connections end under a"
            " request; most rows of one slot lost so; slots that failed for it",
            f"{found.unsaid} of {found.calls} ({found.lost} lost);"
            f" {found.again_most}; {found.failed}",
            "0; 1; 0",
            once
            and found.failed == 0
            and found.calls == found.rows
            and found.lost > found.rows / 10,
        )
    ]
