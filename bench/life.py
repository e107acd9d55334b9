"""What is around a measurement: the start, the reduce, and POST /generate."""

import asyncio
import time
from typing import Literal

from bench import gateway, million, ours, peers
from bench.report import Line, Shown
from bench.setting import Bench, plan
from bench.stub import Stub
from shared.store.run import runs


async def reducing(bench: Bench) -> list[Line]:
    """A million rows: from the store to the summary and the CSV."""
    async with ours.bed(bench.folder) as bed:
        with bench.a_stub() as running:
            done = await million.reduce(bed, running, 1_000_000)
    what = "1,000,000 rows, store -> summary + CSV"
    return [
        Line("rows s", what, "s", (done.seconds,), "less"),
        Line("rows mb", f"{what}, peak memory", "MB", (done.peak_mb,), "less"),
    ]


async def start(bench: Bench) -> list[Line]:
    """From nothing to the first request."""
    first_s = []
    load = {"kind": "concurrency", "concurrency": 1, "count": 1}
    for _ in range(bench.repeats):
        with bench.a_stub() as running:
            begun_s = time.monotonic()
            async with ours.bed(bench.folder) as bed:
                await runs.create(bed.redis, plan("stub/0/0/1", load))
                with ours.worker(bed, running):
                    async with asyncio.timeout(60):
                        while not (truth := running.truth()):
                            await asyncio.sleep(0.05)
        first_s.append(min(t.arrived_s for t in truth.values()) - begun_s)
    return [
        Line(
            "first request",
            "start of store and worker to the first request",
            "s",
            tuple(first_s),
            "less",
            peers=peers.earlier("first request"),
        )
    ]


async def generate(bench: Bench) -> list[Line]:
    """POST /generate through the API, and litellm's proxy in its place."""
    with bench.a_stub() as running:
        with gateway.ours(running, bench.folder) as api:
            found = [
                await _through(api, running, calls=3_000, streams=200)
                for _ in range(bench.repeats)
            ]
        theirs: tuple[float, float, float] | None = None
        if bench.run_others and peers.installed(peers.GATEWAY):
            python = peers.GATEWAY.python
            with gateway.litellm(python, running, bench.folder) as other:
                theirs = await _through(other, running, calls=200, streams=20)
    asked: tuple[tuple[str, str, str, Literal["more", "less"]], ...] = (
        ("requests", "requests/s, 32 at once", "1/s", "more"),
        ("events", "events/s, 32 streams", "1/s", "more"),
        ("added", "added to the median, one at a time", "ms", "less"),
    )
    lines = []
    for at, (key, what, unit, better) in enumerate(asked):
        shown = peers.earlier(f"generate {key}")
        if theirs is not None:
            shown["litellm"] = Shown(theirs[at])
        lines.append(
            Line(
                key=f"generate {key}",
                what=f"POST /generate: {what}",
                unit=unit,
                ours=tuple(one[at] for one in found),
                better=better,
                peers=shown,
            )
        )
    return lines


async def _through(
    one: gateway.Gateway, running: Stub, *, calls: int, streams: int
) -> tuple[float, float, float]:
    """(requests/s, events/s, ms added) of a gateway."""
    at_once, tokens = gateway.OPEN, 128
    plain = await gateway.ask(
        one, calls=calls, at_once=at_once, model="stub/0/0/1", streamed=False
    )
    streamed = await gateway.ask(
        one, calls=streams, at_once=at_once, model="stub/0/0/128", streamed=True
    )
    return (
        calls / plain.seconds,
        streams * tokens / streamed.seconds,
        await gateway.added_ms(one, running, calls=200),
    )
