"""The bills of one run: which rows to ask for, and `GET /generation` of each.

Rows are read from samples.csv and not from the store: that is what people read, and it
is there as long as the result is. `quiet` is awaited wherever a measurement could be
disturbed, and returns when nothing is measured.
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from operator import itemgetter
from pathlib import Path

import httpx

from shared.clock import sleep
from shared.money.reconciliation import Bill, BillReply, Row, evenly
from shared.outputs.csv import unguarded
from shared.upstream import read_generation

PAUSES_S = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Before bills that were not there yet are asked for again; ten minutes in all."""
AT_ONCE = 4
"""Requests that are open at a time."""

_CHUNK = 200
"""Rows read at a stretch: two milliseconds."""
_HOPELESS = (401, 402, 403)
"""Statuses that forbid this key every bill."""
_COLUMNS = (
    "generation_id",
    "target",
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


async def choose(
    path: Path, most: int, quiet: Quiet, where: Callable[[str], str | None]
) -> tuple[int, int, int, dict[str, list[Row]]]:
    """How many rows there are, how many have an id, of how many of those somebody has
    the bill, and the `most` to ask for, by upstream.

    where: the upstream that has bills of a target (its label); None: none."""
    rows = rows_with_id = billed = 0
    async for found in _each(path, quiet):
        rows += 1
        rows_with_id += bool(found[0])
        billed += _upstream(found, where) is not None
    places = evenly(billed, most)
    chosen, place = dict[str, list[Row]](), 0
    async for found in _each(path, quiet):
        upstream = _upstream(found, where)
        if upstream is not None:
            if place in places:
                chosen.setdefault(upstream, []).append(row(found))
            place += 1
    return rows, rows_with_id, billed, chosen


def _upstream(found: Cells, where: Callable[[str], str | None]) -> str | None:
    """Who has the bill of a row; None: nobody."""
    generation_id, label = found[:2]
    return where(unguarded(label)) if generation_id else None


async def ask(
    client: httpx.AsyncClient,
    rows: list[Row],
    open_at_once: asyncio.Semaphore,
    quiet: Quiet,
) -> dict[str, BillReply]:
    """Ask for the bill of each row until it is there or the last pause is over; each
    generation's last reply."""
    replies: dict[str, BillReply] = {}

    async def lane(names: Iterator[str]) -> None:
        for name in names:
            async with open_at_once:
                await quiet()
                replies[name] = await read_generation(client, name)
            if replies[name].status in _HOPELESS:
                return

    for pause_s in (0.0, *PAUSES_S):
        every = dict.fromkeys(row.generation_id for row in rows)
        left = [name for name in every if not _has_bill(name, replies)]
        if not left or refusals(replies):
            break
        await sleep(pause_s)
        names = iter(left)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(AT_ONCE):
                lanes.create_task(lane(names))
    return replies


def refusals(replies: dict[str, BillReply]) -> list[str]:
    """A sentence for each status that forbids this key to ask."""
    seen = {reply.status for reply in replies.values()}
    return [
        f"GET /generation upstream answered {status}: the key may not ask, so no more"
        " was asked."
        for status in _HOPELESS
        if status in seen
    ]


def _has_bill(name: str, replies: dict[str, BillReply]) -> bool:
    return name in replies and replies[name].bill is not None


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
    """The row of its cells. Output tokens that we counted ourselves, where the upstream
    gave no usage, are not compared with a bill."""
    generation_id, _, step, slot, attempt, cost, provider, *counts, tokens_from = found
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
