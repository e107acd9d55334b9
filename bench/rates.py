"""How much: calls and events per second, and what each costs."""

from bench import ours, peers
from bench.machine import median
from bench.ours import Measured
from bench.peers import Job, Result
from bench.report import Line, Shown
from bench.setting import Bench, plan, seen


async def requests(bench: Bench) -> list[Line]:
    """Unstreamed calls, closed loads."""
    lines = []
    async with bench.working() as (bed, running, worker):
        for at_once in (64, 256):
            calls = 20_000
            load = {"kind": "concurrency", "concurrency": at_once, "count": calls}
            done = [
                await ours.measure(
                    bed, worker, running, plan("stub/0/0/1", load, stream=False)
                )
                for _ in range(bench.repeats)
            ]
            key = f"requests {at_once}"
            others = bench.run_peers(Job("stub/0/0/1", 4_000, at_once, 1, False))
            rates = {name: Shown(r.requests_per_s) for name, r in others.items()}
            lines += [
                Line(
                    key=key,
                    what=f"unstreamed requests/s, {at_once} open, rows committed",
                    unit="1/s",
                    ours=tuple(calls / one.committed_s for one in done),
                    better="more",
                    note=seen(done),
                    peers=peers.earlier(key) | rates,
                ),
                _cpu("call", f"unstreamed, {at_once} open", done, calls, others, 1),
            ]
    return lines


async def events(bench: Bench) -> list[Line]:
    """Streams without gaps, each event a write of its own."""
    calls, at_once, tokens = 1_500, 64, 128
    load = {"kind": "concurrency", "concurrency": at_once, "count": calls}
    async with bench.working() as (bed, running, worker):
        done = [
            await ours.measure(bed, worker, running, plan("stub/0/0/128", load))
            for _ in range(bench.repeats)
        ]
    others = bench.run_peers(Job("stub/0/0/128", calls, at_once, tokens, True))
    rates = {name: Shown(result.events_per_s) for name, result in others.items()}
    return [
        Line(
            key="events 64",
            what="streamed events/s, 64 streams of 128, rows committed",
            unit="1/s",
            ours=tuple(calls * tokens / one.committed_s for one in done),
            better="more",
            note=seen(done),
            peers=peers.earlier("events 64") | rates,
        ),
        _cpu("event", "streamed, 64 open", done, calls * tokens, others, tokens),
    ]


def _cpu(
    what: str,
    where: str,
    done: list[Measured],
    n: int,
    others: dict[str, Result],
    each: int,
) -> Line:
    """each: how many of them a call has."""
    peers_us = {
        name: Shown(result.cpu_s / (result.job.calls * each) * 1e6)
        for name, result in others.items()
    }
    each_us = tuple(one.turns.ran_s / n * 1e6 for one in done)
    return Line(
        key=f"cpu {what} {where}",
        what=f"CPU of the worker per {what}, {where}",
        unit="core us",
        ours=each_us,
        better="less",
        note=f"{1e6 / median(each_us):,.0f} per core second",
        peers=peers_us,
    )
