"""What every case is given: a stub, a store, a worker, the peers beside them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ours, peers
from bench.machine import median
from bench.ours import Bed, Measured, Worker
from bench.peers import Job, Result
from bench.report import Line
from bench.stub import Stub, stub
from shared.plan import Plan


@dataclass(frozen=True, slots=True)
class Bench:
    """What every case is given."""

    program: Path
    """The compiled stub."""
    has_tls: bool
    folder: Path
    repeats: int
    run_others: bool
    """Whether to run those that are installed."""

    @contextmanager
    def a_stub(self) -> Iterator[Stub]:
        """A stub, for as long as the block lasts."""
        with stub(self.program) as running:
            yield running

    @asynccontextmanager
    async def working(self) -> AsyncIterator[tuple[Bed, Stub, Worker]]:
        """A store, a stub and a worker that is ready."""
        async with ours.bed(self.folder) as bed:
            with self.a_stub() as running, ours.worker(bed, running) as worker:
                yield bed, running, worker

    def run_peers(self, job: Job) -> dict[str, Result]:
        """The results of those that are installed; a failure is said and left out."""
        found = {}
        for name, peer in peers.PEERS.items() if self.run_others else ():
            if not peers.installed(peer):
                continue
            with self.a_stub() as running:
                try:
                    found[name] = peers.run(peer, running, job, self.folder)
                except RuntimeError as error:
                    print(f"{name}: {error}", flush=True)
        return found


Case = Callable[[Bench], Awaitable[list[Line]]]


def plan(model: str, load: dict[str, Any], *, stream: bool = True) -> Plan:
    """One model, one prompt, one load."""
    return Plan.model_validate(
        {
            "targets": [{"model": model}],
            "prompts": {"kind": "inline", "prompts": ["hello there"]},
            "load": load,
            "stream": stream,
        }
    )


def seen(done: list[Measured]) -> str:
    """How much of its core the worker had, and what it thinks of the run."""
    ran = median([one.turns.ran_s / one.turns.elapsed_s for one in done])
    waited = max(one.turns.waited_s / one.turns.elapsed_s for one in done)
    return f"ran {ran:.0%}, waited up to {waited:.0%}; {_verdicts(done)}"


def trust(done: list[Measured]) -> str:
    slack = [one.summary.get("stamp_slack_p99_s") or 0.0 for one in done]
    return f"stamp_slack p99 {median(slack) * 1e3:.2g} ms; {seen(done)}"


def _verdicts(done: list[Measured]) -> str:
    seen = [one.verdict for one in done]
    return " / ".join(f"{seen.count(v)}x {v}" for v in dict.fromkeys(seen))
