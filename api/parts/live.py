"""Figures of a benchmark that runs, out of its newest rows. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from api.parts.newest import Seen
from api.schemas import Live, LiveFailure, LiveStep, LiveTarget
from shared.analysis import linear
from shared.plan import Finished
from shared.plan.loads.find import Find, search
from shared.run import Run, Status

RATE_S = 10.0
"""The rate is that of so long, or of as long as `RATE_CALLS` took."""

RATE_CALLS = 20
_MOST_FAILURES = 20

Plan = dict[str, Any]
"""As a body shows it."""


def live(
    run: Run,
    plan: Plan,
    finished: Sequence[Finished],
    rows: Sequence[Seen],
    in_hand: int,
    now: float,
) -> Live | None:
    """None without a row. in_hand: slots of the run's step that workers hold; now: Unix
    seconds of the store's clock."""
    if not rows:
        return None
    name_of = _names(plan, finished)
    counted = [row for row in rows if not name_of(row.step)[1]]
    closing = [row for row in counted if row.closes]
    rate = calls_per_s(rows, now) if run.status is Status.RUNNING else None
    return Live(
        rows=len(rows),
        calls_per_s=rate,
        open_calls=_open_calls(run, plan, rows, in_hand, rate),
        eta_s=_eta_s(run, plan, rate, now),
        targets=[
            LiveTarget(
                target=label, **_figures(row for row in closing if row.target == index)
            )
            for index, label in enumerate(run.targets)
        ],
        steps=[
            LiveStep(
                step=step,
                name=name_of(step)[0],
                warmup=name_of(step)[1],
                **_figures(row for row in rows if row.closes and row.step == step),
            )
            for step in sorted({row.step for row in rows})
        ],
        failures=_failures(counted),
    )


def calls_per_s(rows: Sequence[Seen], now: float) -> float | None:
    """Calls that ended per second by now, since the last pause or wait."""
    stretch = [row for row in rows if row.segment == rows[-1].segment]
    ends = sorted(row.ended_at for row in stretch if row.ended_at is not None)
    begun = [row.started_at for row in stretch if row.started_at is not None]
    if not ends or not begun:
        return None
    begin = min(begun)
    if len(ends) > RATE_CALLS:
        # what came before the oldest row that is kept is not known
        begin = max(ends[0], min(now - RATE_S, ends[-RATE_CALLS - 1]))
    n = sum(end > begin for end in ends)
    return round(n / max(now - begin, 0.001), 3)


def _names(
    plan: Plan, finished: Sequence[Finished]
) -> Callable[[int], tuple[str, bool]]:
    """A step's number -> its name as in the result, and whether it is a warm-up."""
    each = 2 if plan["load"].get("warmup") else 1
    values: list[float] = []
    over = ""
    if plan.get("sweep"):
        over, values = plan["sweep"]["over"], plan["sweep"]["values"]
    elif plan.get("find"):
        over, values = plan["find"]["over"], _searched(plan, finished, each)

    def name_of(step: int) -> tuple[str, bool]:
        place, warmup = step // each, each == 2 and step % 2 == 0
        name = f"{over} {values[place]:g}" if place < len(values) else "main"
        if not warmup:
            return name, False
        return ("warm-up" if name == "main" else f"warm-up, {name}"), True

    return name_of


def _searched(plan: Plan, finished: Sequence[Finished], each: int) -> list[float]:
    """The values of a search so far, with the one that is held now."""
    find = Find.model_validate(plan["find"])
    goodputs = [step.goodput for step in finished[each - 1 :: each]]
    states = (search(find, goodputs[:n]) for n in range(len(goodputs) + 1))
    return [state.next for state in states if state.next is not None]


def _figures(rows: Iterable[Seen]) -> dict[str, Any]:
    rows = list(rows)
    ok = sum(row.outcome == "ok" for row in rows)
    return {
        "ok": ok,
        "failed": len(rows) - ok,
        "ttft_p50_s": _median(row.ttft_s for row in rows),
        "latency_p50_s": _median(row.latency_s for row in rows),
    }


def _median(values: Iterable[float | None]) -> float | None:
    return linear(sorted(value for value in values if value is not None), 50)


def _failures(rows: Iterable[Seen]) -> list[LiveFailure]:
    found: dict[str, LiveFailure] = {}
    for row in rows:
        if row.outcome == "ok":
            continue
        one = found.setdefault(
            row.outcome, LiveFailure(outcome=row.outcome, calls=0, error=None)
        )
        one.calls += 1
        one.error = row.error or one.error
    ranked = sorted(found.values(), key=lambda one: (-one.calls, one.outcome))
    return ranked[:_MOST_FAILURES]


def _open_calls(
    run: Run, plan: Plan, rows: Sequence[Seen], in_hand: int, rate: float | None
) -> int | None:
    if run.status is not Status.RUNNING:
        return None
    load = plan["load"]
    if load["kind"] == "concurrency":
        each = 2 if load.get("warmup") else 1
        lanes = load["concurrency"]
        if plan.get("sweep"):
            lanes = plan["sweep"]["values"][run.step // each]
        elif plan.get("find"):
            lanes = plan["find"]["high"]
        return min(in_hand, int(lanes))
    took = [
        row.ended_at - row.started_at
        for row in rows
        if row.ended_at is not None and row.started_at is not None
    ]
    if rate is None or not took:
        return None
    return min(in_hand, round(rate * sum(took) / len(took)))


def _eta_s(run: Run, plan: Plan, rate: float | None, now: float) -> float | None:
    """What the slots that are left take, or what is left of the time; the sooner."""
    if plan.get("find") or run.started_at is None:
        return None
    left = []
    if run.total is not None and rate:
        left.append((run.total - run.closed) / rate)
    if duration_s := plan["load"].get("duration_s"):
        values = plan["sweep"]["values"] if plan.get("sweep") else (None,)
        worked_s = now - run.started_at - run.gap_s
        left.append(duration_s * len(values) - worked_s)
    return round(max(0.0, min(left)), 1) if left else None
