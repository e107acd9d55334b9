"""How true: what the rows say of known timings, and how punctual calls are."""

from typing import Any

from bench import ours, peers
from bench.accuracy import Errors, errors
from bench.machine import median, percentile
from bench.ours import Measured
from bench.peers import Job
from bench.report import Line, Shown, number
from bench.setting import Bench, plan, trust
from bench.stub import tls_stub
from shared.plan import Plan

TTFT_MS, GAP_MS, TOKENS = 200, 20, 64
STREAM_S = (TTFT_MS + GAP_MS * (TOKENS - 1)) / 1e3
STREAMED = f"stub/{TTFT_MS}/{GAP_MS}/{TOKENS}"
ROUNDS = 3
"""Of which the first, which opens the connections, is not looked at."""


def _streamed(load: dict[str, Any]) -> Plan:
    """Streams of known timing. That every event is kept costs the worker less than can
    be measured: at 500 streams its share of the core and its errors stayed the same."""
    return plan(STREAMED, load).model_copy(update={"keep_events": True})


async def accuracy(bench: Bench) -> list[Line]:
    """Streams of known timing, started evenly and all at once."""
    lines: list[Line] = []
    async with bench.working() as (bed, running, worker):
        for streams in (50, 200, 500, 1000):
            staggered = {
                "kind": "constant",
                "rate_per_s": streams / STREAM_S,
                "count": streams * ROUNDS,
            }
            lockstep = {
                "kind": "burst",
                "size": streams,
                "interval_s": STREAM_S + 0.5,
                "count": streams * ROUNDS,
            }
            for name, load in (("staggered", staggered), ("lockstep", lockstep)):
                done = [
                    await ours.measure(bed, worker, running, _streamed(load))
                    for _ in range(bench.repeats)
                ]
                lines += _accuracy_lines(bench, done, streams, name)
    return lines


def _accuracy_lines(
    bench: Bench, done: list[Measured], streams: int, name: str
) -> list[Line]:
    found = [errors(one, after_slot=streams) for one in done]
    strict = name == "staggered" and streams <= 500
    excused = all(one.verdict.startswith("invalid") for one in done) and not strict
    shown: dict[int, dict[str, Shown]] = {50: {}, 99: {}}
    if streams in (200, 500) and name == "lockstep":
        job = Job(STREAMED, streams * ROUNDS, streams, TOKENS, streamed=True)
        results = bench.run_peers(job)
        for percent, beside in shown.items():
            beside |= peers.earlier(f"ttft p{percent} {streams}")
            for peer, result in results.items():
                shown_s = percentile(result.ttft_s[streams:], percent)
                true_s = percentile(result.true_ttft_s[streams:], percent)
                beside[peer] = Shown(abs(shown_s - true_s) * 1e3)
    lines = [
        Line(
            key=f"ttft p{percent} {streams} {name}",
            what=f"TTFT error p{percent}, {streams} streams, {name}",
            unit="ms",
            ours=tuple(Errors.at(one.ttft_ms, percent) for one in found),
            better="less",
            excused=excused,
            note=trust(done) if percent == 99 else "",
            peers=shown[percent],
        )
        for percent in (50, 99)
    ]
    lines += [
        Line(
            key=f"gap p99 {streams} {name}",
            what=f"gap error p99, {streams} streams, {name}",
            unit="ms",
            ours=tuple(Errors.at(one.gap_ms, 99) for one in found),
            better="less",
            excused=excused,
            note=_gaps(found),
        ),
        Line(
            key=f"longest gap p99 {streams} {name}",
            what=f"longest gap's error p99, {streams} streams, {name}",
            unit="ms",
            ours=tuple(Errors.at(one.longest_gap_ms, 99) for one in found),
            better="less",
        ),
    ]
    if streams == 500:
        lines.append(
            Line(
                key=f"memory {name}",
                what=f"peak memory of the worker, 500 streams, {name}",
                unit="MB",
                ours=tuple(one.peak_mb for one in done),
                better="less",
                peers=peers.earlier("memory"),
            )
        )
    return lines


def _gaps(found: list[Errors]) -> str:
    p50_ms = median([Errors.at(one.gap_ms, 50) for one in found])
    n = min(len(one.gap_ms) for one in found)
    unjoined = sum(one.unjoined for one in found)
    return f"p50 {number(p50_ms)} ms; {n:,} gaps each time; {unjoined} streams unjoined"


async def tls(bench: Bench) -> list[Line]:
    """The same over TLS, 50 streams."""
    if not bench.has_tls:
        print("tls: left out, OpenSSL's headers are missing (libssl-dev)", flush=True)
        return []
    streams = 50
    load = {
        "kind": "constant",
        "rate_per_s": streams / STREAM_S,
        "count": streams * ROUNDS,
    }
    async with ours.bed(bench.folder) as bed:
        secret = tls_stub(bench.program, bench.folder)
        with secret as running, ours.worker(bed, running) as worker:
            done = [
                await ours.measure(bed, worker, running, _streamed(load))
                for _ in range(bench.repeats)
            ]
    found = [errors(one, after_slot=streams) for one in done]
    return [
        Line(
            key="ttft p99 tls",
            what="TTFT error p99, 50 streams over TLS, staggered",
            unit="ms",
            ours=tuple(Errors.at(one.ttft_ms, 99) for one in found),
            better="less",
            note=trust(done),
        )
    ]


async def punctuality(bench: Bench) -> list[Line]:
    """An open load: how late calls are sent."""
    load = {"kind": "constant", "rate_per_s": 1_000, "count": 5_000}
    late_ms = []
    done = []
    async with bench.working() as (bed, running, worker):
        for _ in range(bench.repeats):
            one = await ours.measure(
                bed, worker, running, plan("stub/5/0/1", load, stream=False)
            )
            done.append(one)
            late = [
                (row.sent_s - row.due_s) * 1e3
                for row in one.rows
                if row.sent_s is not None and row.due_s is not None and row.slot >= 1000
            ]
            late_ms.append(percentile(late, 99))
    return [
        Line(
            key="late p99",
            what="sent minus due p99, 1,000 requests/s",
            unit="ms",
            ours=tuple(late_ms),
            better="less",
            note=trust(done),
        )
    ]
