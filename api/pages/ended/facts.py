"""What is known of a run beside its figures, in words: plan, machines, verdict."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.pages.shell.words import count, duration, percent, seconds, usd

Fact = tuple[str, str]

_LOADS = {
    "concurrency": "{concurrency} at a time, closed",
    "constant": "{rate_per_s} calls a second at equal distances, open",
    "poisson": "{rate_per_s} calls a second at random (Poisson), open",
    "adaptive": (
        "as fast as the upstream lets it, at most {max_per_minute:g} calls a minute of"
        " each target and {max_in_flight} at a time"
    ),
}


def plan_facts(plan: Mapping[str, Any]) -> Iterator[Fact]:
    """What was asked, and how."""
    yield "Targets", ", ".join(map(_target, plan["targets"]))
    yield "Load", load(plan["load"])
    if plan.get("sweep"):
        values = ", ".join(map(str, plan["sweep"]["values"]))
        yield "Sweep", f"{plan['sweep']['over']} {values}"
    if plan.get("find"):
        found = plan["find"]
        yield "Search", f"{found['over']} from {found['low']} to {found['high']}"
    prompts = plan["prompts"]
    number = prompts.get("number") or len(prompts.get("prompts") or ()) or None
    yield (
        "Prompts",
        (
            f"{count(number)}, {prompts['kind']}; {plan['runs']} times each; at most"
            f" {count(plan['max_tokens'])} tokens"
        ),
    )
    if plan.get("system_prompt"):
        yield "System prompt", f"{len(plan['system_prompt']):,} characters"
    order = "all targets answer one prompt back to back"
    if plan.get("order") == "blocks":
        order = "prompts and targets at random"
    yield "Order", f"{order}, seed {plan['order_seed']}"
    yield "Stream", "yes" if plan["stream"] else "no: no TTFT is known"
    if plan.get("temperature") is not None:
        yield "Temperature", f"{plan['temperature']:g}"
    if plan.get("retries"):
        retries = plan["retries"]
        yield "Retries", f"at most {retries['max']}, of {', '.join(retries['on'])}"
    if plan.get("slo"):
        yield "SLO", ", ".join(f"{k} ≤ {v:g}" for k, v in plan["slo"].items() if v)
    if plan.get("until"):
        until = plan["until"]
        yield (
            "Ends when",
            (
                f"{', '.join(until['decided'])} of every two targets is decided, or its"
                f" difference is under {percent(until['margin'])}; three looks"
            ),
        )
    if plan.get("max_cost_usd") is not None:
        yield "Budget", usd(plan["max_cost_usd"])


def answered(result: Mapping[str, Any]) -> Iterator[str]:
    """What a search found, or at which planned look what was decided: a sentence each,
    the whole of it first. Nothing in other plans."""
    for name in ("find", "until"):
        found = result.get(name)
        if found is None:
            continue
        yield found["words"]
        for one in found.get("answers") or ():
            yield one["sentence"]


def load(said: Mapping[str, Any]) -> str:
    """A load in words.

    >>> load({"kind": "concurrency", "concurrency": 8})
    '8 at a time, closed'
    """
    text = _LOADS.get(said["kind"], "{kind}").format(**said)
    if said.get("duration_s"):
        text += f", for {duration(said['duration_s'])}"
    return text


def _target(target: Mapping[str, Any]) -> str:
    pinned = target.get("provider")
    return f"{target['model']} at {pinned}" if pinned else str(target["model"])


def machine_facts(result: Mapping[str, Any]) -> Iterator[Fact]:
    """Who measured, on what, and how well it could."""
    seen = result.get("observations") or {}
    machines = result.get("machines") or ()
    workers = len({each.get("worker") for each in machines})
    if seen.get("hosts"):
        kinds = sorted(
            {f"Python {m['python']}, {m['system']}" for m in machines if "python" in m}
        )
        yield (
            "Machines",
            (
                f"{workers or 'unknown'} {'worker' if workers == 1 else 'workers'} on"
                f" {', '.join(seen['hosts'])}; {'; '.join(kinds)}"
            ).rstrip("; "),
        )
    if seen.get("versions"):
        yield "Version", ", ".join(seen["versions"])
    if seen.get("kernel_stamps") is not None:
        yield (
            "Stamps",
            (
                f"{count(seen['kernel_stamps'])} by the kernel,"
                f" {count(seen.get('loop_stamps') or 0)} by the loop,"
                f" {count(seen.get('clamped_stamps') or 0)} replaced"
            ),
        )
    if seen.get("loop_lag_p99_s") is not None:
        yield "Loop lag", f"p99 {seconds(seen['loop_lag_p99_s'])}"
    if seen.get("cpu_share") is not None:
        yield "Processor", f"{percent(seen['cpu_share'])} of a core, at the most"
    if seen.get("clock_error_s") is not None:
        yield "Clocks", f"within {seconds(seen['clock_error_s'])}"
    if seen.get("proxy"):
        yield "Proxy", str(seen["proxy"])
    for upstream, rows in (result.get("upstreams") or {}).items():
        yield "Upstream", f"{upstream} ({count(rows)} calls)"
