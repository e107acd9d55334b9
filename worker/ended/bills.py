"""The bills of one run: which rows are asked for, and the asking.

Rows are read from samples.csv and not from the store: it is what its reader believes,
and it is there as long as the result is. `quiet` is awaited wherever a measurement
could be disturbed, and returns when none is.
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from operator import itemgetter
from pathlib import Path

import httpx

from shared.clock import sleep
from shared.money.reconciliation import Bill, Row, Told, evenly
from shared.outputs.csv import unguarded
from shared.upstream import read_generation

PAUSES_S = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Before those are asked again that were not there; ten minutes in all."""
AT_ONCE = 4
"""Questions that are open at a time."""

_CHUNK = 200
"""Rows read at a stretch: two milliseconds."""
_HOPELESS = (401, 402, 403)
"""No row will be answered with this key."""
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
Quiet = Callable[[], Awaitable[None]]


async def choose(path: Path, most: int, quiet: Quiet) -> tuple[int, int, list[Row]]:
    """How many rows there are, how many have an id, and the `most` to ask for."""
    rows = rows_with_id = 0
    async for found in _each(path, quiet):
        rows += 1
        rows_with_id += bool(found[0])
    places = evenly(rows_with_id, most)
    chosen, place = [], 0
    async for found in _each(path, quiet):
        if found[0]:
            if place in places:
                chosen.append(row(found))
            place += 1
    return rows, rows_with_id, chosen


async def ask(
    client: httpx.AsyncClient,
    rows: list[Row],
    open_at_once: asyncio.Semaphore,
    quiet: Quiet,
) -> dict[str, Told]:
    """Ask for each row until it is told of, or the patience is at its end; the last
    answer about each generation that was asked for."""
    told: dict[str, Told] = {}

    async def lane(names: Iterator[str]) -> None:
        for name in names:
            async with open_at_once:
                await quiet()
                told[name] = await read_generation(client, name)
            if told[name].status in _HOPELESS:
                return

    for pause_s in (0.0, *PAUSES_S):
        every = dict.fromkeys(row.generation_id for row in rows)
        left = [name for name in every if name not in told or told[name].bill is None]
        if not left or refusals(told):
            break
        await sleep(pause_s)
        names = iter(left)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(AT_ONCE):
                lanes.create_task(lane(names))
    return told


def refusals(told: dict[str, Told]) -> list[str]:
    """A sentence for each status that forbids this key to ask."""
    seen = {said.status for said in told.values()}
    return [
        f"GET /generation upstream answered {status}: the key may not ask, so no more"
        " was asked."
        for status in _HOPELESS
        if status in seen
    ]


async def _each(path: Path, quiet: Quiet) -> AsyncIterator[Cells]:
    for number, found in enumerate(cells(path)):
        if number % _CHUNK == 0:
            await quiet()
        yield found


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
