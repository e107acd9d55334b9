"""A benchmark that runs, in words: the pieces of a frame, and one plain line. Pure."""

from datetime import datetime
from typing import Any

from cli.report.words import clock, number, seconds, share, usd
from cli.show import text

Job = dict[str, Any]

_MOST_TARGETS = 4
_ENOUGH = 6
"""Calls from which on a median has an interval; one of fewer is marked."""


def plain(job: Job, now_s: float) -> str:
    """All that matters, in one line for a log. now_s: Unix seconds."""
    live = job["live"] or {}
    parts = [f"{job['status']} {progress(job)}", *pace(job)]
    if job["progress"]["failed"]:
        parts.append(f"{job['progress']['failed']:,} failed")
    if spent := money(job):
        parts.append(spent)
    targets = live.get("targets", ())
    for target in targets[:_MOST_TARGETS]:
        if target["ok"]:
            figures = f"TTFT {ttft(target)} latency {latency(target)}"
            parts.append(f"{text(target['target'])} {figures}")
    if len(targets) > _MOST_TARGETS:
        parts.append(f"{len(targets) - _MOST_TARGETS} more targets")
    if waited := waits(job, now_s):
        parts.append(waited)
    return ", ".join(parts)


def progress(job: Job) -> str:
    """Calls that have ended, of how many."""
    closed, total = job["progress"]["closed"], job["progress"]["total"]
    if total is None:
        return f"{closed:,} calls"
    return f"{closed:,}/{total:,} ({share(closed / total) if total else '-'})"


def pace(job: Job) -> list[str]:
    """The step, the rate, what is open, since when, and what is left."""
    live = job["live"] or {}
    steps = live.get("steps", ())
    said = []
    if steps and steps[-1]["name"] != "main":
        said.append(text(steps[-1]["name"]))
    if live.get("calls_per_s") is not None:
        said.append(f"{number(live['calls_per_s'])} calls/s")
    if live.get("open_calls") is not None:
        said.append(f"{live['open_calls']:,} open")
    if job["progress"]["elapsed_s"] is not None:
        said.append(f"{clock(job['progress']['elapsed_s'])} so far")
    if live.get("eta_s") is not None:
        said.append(f"about {clock(live['eta_s'])} left")
    return said


def money(job: Job) -> str:
    """What it cost by now, of what it may."""
    spent, most = job["money"]["spent_usd"], job["money"]["max_cost_usd"]
    if spent is None:
        return ""
    return usd(spent) if most is None else f"{usd(spent)} of {usd(most)}"


def failures(job: Job) -> list[str]:
    """By kind, each with its last sentence."""
    return [
        f"{one['calls']:,} {one['outcome']}: {text(one['error'] or 'no words')}"
        for one in (job["live"] or {}).get("failures", ())
    ]


def waits(job: Job, now_s: float) -> str:
    """What it waits for, and for how long still; empty when it does not."""
    if not job["waiting_for"]:
        return ""
    said = f"waiting for {text(job['waiting_for'])}"
    if job["until"]:
        left_s = datetime.fromisoformat(job["until"]).timestamp() - now_s
        said += f" (in {clock(left_s)})" if left_s > 0 else ""
    return said


def ttft(figures: dict[str, Any]) -> str:
    """Its median so far, marked where few calls made it."""
    return _marked(figures["ttft_p50_s"], figures["ok"])


def latency(figures: dict[str, Any]) -> str:
    """As above."""
    return _marked(figures["latency_p50_s"], figures["ok"])


def _marked(value: float | None, calls: int) -> str:
    few = " ?" if value is not None and calls < _ENOUGH else ""
    return seconds(value) + few
