"""All that the templates of one run say: made once, of the run and its page data."""

from typing import Any

from api.page_data import PageData
from api.page_data.records import METRICS, Metric
from api.pages.ended.asked import Choices
from api.pages.ended.facts import answered, machine_facts, plan_facts
from api.pages.ended.providers import integrity, listed
from api.pages.ended.tables import markdown, table
from api.pages.figures import (
    KINDS,
    Figure,
    RankedTargets,
    pairs,
    ranked,
    ranked_figure,
    said,
    spread,
    strip,
    sweep,
    value,
)
from api.schemas import Job
from shared.verdict import in_short

NAMES: dict[Metric, str] = {
    "ttft": "TTFT",
    "latency": "Latency",
    "tpot": "Time per token",
}


def of_run(job: Job) -> dict[str, Any]:
    """What is said of any run: the header that stays, verdict, plan."""
    result = job.result or {}
    verdict = result.get("verdict") or {}
    return {
        "job": job,
        "name": job.name or f"Run {job.job_id[-6:]}",
        "result": result,
        "answered": [*answered(result)],
        "integrity": integrity(result),
        "verdict": verdict,
        "usable": in_short(verdict.get("usable") or ()),
        "unusable": in_short(verdict.get("unusable") or ()),
        "plan_facts": [*plan_facts(job.plan)],
        "machine_facts": [*machine_facts(result)],
    }


def of_data(job: Job, data: PageData, asked: Choices) -> dict[str, Any]:
    """What stands on its page data: figures, rankings, the table, failures."""
    found = rankings(job, data)
    a, b = pair_of(data, found, asked)
    metric = asked.spread if asked.spread in data.curves else data.metric
    if not data.curves.get(metric):
        metric = data.metric
    best_first = [rank.target for rank in found[0].ranks] if found else []
    made = table(data, best_first)
    return {
        "data": data,
        "ranked": found,
        "said": said(found),
        "spread": metric,
        "spreads": [(m, NAMES[m]) for m in METRICS if data.curves.get(m)],
        "pair": (a, b, asked.pair or data.metric),
        "table": made,
        "table_markdown": markdown(made),
        "figures": figures_of(job, data, found, metric, (a, b, asked.pair)),
        "sweep": sweep_data(job, data),
        "listed": listed(job.listed, data),
        "front": front_in_words(data),
        "singly": all(n == 1 for lane in data.lanes for n in lane.calls),
    }


def front_in_words(data: PageData) -> str | None:
    """Who is on the front, and why others are not; None where there is none."""
    found = data.comparison and data.comparison.front
    return found.sentence if found else None


def rankings(job: Job, data: PageData) -> tuple[RankedTargets, ...]:
    """In each metric that the run has."""
    barred = ((job.result or {}).get("verdict") or {}).get("unusable") or ()
    whole = {figure for figure in barred if "." not in figure}
    whole |= {figure.removesuffix(".p50") for figure in barred}
    every = (ranked(data, job.job_id, kind, whole) for kind in KINDS)
    return tuple(one for one in every if one.ranks)


def pair_of(
    data: PageData, found: tuple[RankedTargets, ...], asked: Choices
) -> tuple[int, int]:
    """Who stands head to head: those of the address, else the two that lead."""
    many = len(data.targets)
    order = [rank.target for rank in found[0].ranks] if found else []
    order += [n for n in range(many) if n not in order]
    a = asked.a if asked.a is not None and asked.a < many else order[0]
    others = [n for n in order if n != a]
    b = asked.b if asked.b is not None and asked.b < many else None
    if b is None or b == a:
        b = others[0] if others else a
    return a, b


def figures_of(
    job: Job,
    data: PageData,
    found: tuple[RankedTargets, ...],
    metric: Metric,
    pair: tuple[int, int, Metric | None],
) -> dict[str, Figure]:
    """By the names that templates have; what does not exist is left out."""
    a, b, of = pair
    made: dict[str, Figure | None] = {
        "spread": spread(data, metric),
        "strip": strip(data) if any(lane.at_s for lane in data.lanes) else None,
        "pairs": pairs(data, of or data.metric, a, b) if a != b else None,
        "value": value(data),
    }
    made |= {f"ranked-{one.kind}": ranked_figure(one) for one in found}
    plan = job.plan
    over = (plan.get("sweep") or plan.get("find") or {}).get("over", "load")
    slo = plan.get("slo") or {}
    if data.steps:
        axis = "calls at a time" if over == "concurrency" else "calls a second"
        limit = slo.get(f"{data.metric}_s")
        made["sweep"] = sweep(data, data.metric, "p95", axis, limit)
    return {name: figure for name, figure in made.items() if figure is not None}


def sweep_data(job: Job, data: PageData) -> dict[str, Any] | None:
    """What the slider of a sweep reads: measured figures at each load."""
    if len({one.value for one in data.steps}) < 2:
        return None
    limits = {
        name: limit for name, limit in (job.plan.get("slo") or {}).items() if limit
    }
    return {
        "slo": limits,
        "values": sorted({one.value for one in data.steps}),
        "points": [
            {
                "value": one.value,
                "target": data.targets[one.group.target],
                "ok": one.group.ok,
                "sent": one.group.sent,
                **{
                    f"{metric}_s": _point(one.group.times[metric]["p95"])
                    for metric in ("ttft", "latency")
                },
            }
            for one in data.steps
        ],
    }


def _point(found: Any) -> dict[str, Any]:
    return {
        "point": found.point,
        "low": found.low,
        "high": found.high,
        "supported": found.supported,
    }
