"""What a run over several workers cost, and the section of the results about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bench.report import number
from bench.store import Did

FLEET = 100
"""Machines that are reckoned with."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One run over several workers."""

    rows: int
    seconds: float
    """From the first start to the commit of the last row."""
    cpu_s: float
    """Of all workers together."""
    shares: tuple[float, ...]
    """Of the rows, of each worker that has any."""
    store: Did
    rows_bytes: int
    """What the rows themselves take in the store."""

    @property
    def carried_per_s(self) -> float:
        """Rows a second for which one core of the store is enough."""
        return self.rows / self.store.cpu_s

    def each(self, total: float) -> str:
        """Of `total`, what falls to a row."""
        return number(total / self.rows)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What workers that have nothing to do cost the store."""

    workers: int
    seconds: float
    store: Did

    def each(self, total: float) -> str:
        """Of `total`, what falls to a worker in a second."""
        return number(total / self.workers / self.seconds)

    @property
    def fleet_share(self) -> float:
        """Of one core of the store, that a fleet of these takes."""
        return FLEET * self.store.cpu_s / self.workers / self.seconds


One = TypeVar("One")

_OF_A_RUN: tuple[tuple[str, Callable[[Spread], str]], ...] = (
    ("rows/s", lambda one: number(one.rows / one.seconds)),
    ("share of a worker, least to most, %", lambda one: _least_to_most(one.shares)),
    ("CPU of the workers, us a row", lambda one: one.each(one.cpu_s * 1e6)),
    ("CPU of the store, us a row", lambda one: one.each(one.store.cpu_s * 1e6)),
    ("time in scripts, us a row", lambda one: one.each(one.store.script_s * 1e6)),
    ("scripts, a row", lambda one: one.each(one.store.scripts)),
    ("commands, a row", lambda one: one.each(one.store.commands)),
    ("the most frequent, a row", lambda one: _most_frequent(one)),
    ("bytes to the store, a row", lambda one: one.each(one.store.in_bytes)),
    ("bytes from the store, a row", lambda one: one.each(one.store.out_bytes)),
    ("bytes of its memory, a row", lambda one: one.each(one.rows_bytes)),
    ("... with all other keys", lambda one: one.each(one.store.memory_bytes)),
    (
        "rows/s that a core of the store carries",
        lambda one: number(one.carried_per_s),
    ),
    (f"... of each of {FLEET} machines", lambda one: number(one.carried_per_s / FLEET)),
)
_OF_A_WAIT: tuple[tuple[str, Callable[[Waiting], str]], ...] = (
    ("commands/s", lambda one: one.each(one.store.commands)),
    ("scripts/s", lambda one: one.each(one.store.scripts)),
    ("bytes/s from the store", lambda one: one.each(one.store.out_bytes)),
    ("CPU of the store, us/s", lambda one: one.each(one.store.cpu_s * 1e6)),
    ("time in scripts, us/s", lambda one: one.each(one.store.script_s * 1e6)),
    (f"{FLEET} of them, % of a core", lambda one: number(100 * one.fleet_share)),
)


def section(
    rows: int, spread: Mapping[str, Spread], waiting: Mapping[str, Waiting]
) -> str:
    """In Markdown: a column for each run, and for each kind of waiting."""
    return f"""## Scale

One run of {rows:,} unstreamed calls that take 50 ms, at 512 lanes, over 1 to 8 worker
processes; then one of few calls, of which each is committed alone, and has to bear what
its idle workers cost. The workers share one core, so that more of them make no more
rows a second: read what a row costs. Commands are counted within scripts too. Each was
run once.

{_table(spread, _OF_A_RUN)}
What a worker costs the store each second that has nothing to do: while there is no
run, and beside a run whose shards others carry.

{_table(waiting, _OF_A_WAIT)}"""


def _table(
    found: Mapping[str, One], figures: tuple[tuple[str, Callable[[One], str]], ...]
) -> str:
    rows = [["", *found], ["---"] * (len(found) + 1)]
    rows += [[what, *map(shown, found.values())] for what, shown in figures]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _least_to_most(shares: tuple[float, ...]) -> str:
    return " to ".join(number(100 * share) for share in (min(shares), max(shares)))


def _most_frequent(one: Spread) -> str:
    most = one.store.calls.most_common(5)
    return ", ".join(f"{name} {one.each(calls)}" for name, calls in most)
