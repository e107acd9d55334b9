"""The rows of samples.csv that a bill can be asked for.

Read from the file and not from the store: it is what its reader believes, and it is
there as long as the result is.
"""

import csv
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from shared.outputs.csv import unguarded
from shared.reconciliation import Bill, Row

_COLUMNS = (
    "generation_id",
    "step",
    "slot",
    "attempt",
    "cost_usd",
    "provider",
    "prompt_tokens",
    "output_tokens",
    "reasoning_tokens",
    "tokens_from",
)
Cells = tuple[str, ...]


def cells(path: Path) -> Iterator[Cells]:
    """Of each row the cells that matter, the generation's id first, "" without one."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        head = next(lines)
        yield from map(itemgetter(*map(head.index, _COLUMNS)), lines)


def row(found: Cells) -> Row:
    """The row of its cells. Output tokens that we counted ourselves, since the upstream
    did not, are nothing to compare a bill with."""
    generation_id, step, slot, attempt, cost, provider, *counts, tokens_from = found
    prompt, output, reasoning = (int(count) if count else None for count in counts)
    return Row(
        int(step),
        int(slot),
        int(attempt),
        unguarded(generation_id),
        Bill(
            cost_usd=float(cost) if cost else None,
            provider=unguarded(provider) or None,
            prompt_tokens=prompt,
            output_tokens=output if tokens_from == "usage" else None,
            reasoning_tokens=reasoning,
        ),
    )
