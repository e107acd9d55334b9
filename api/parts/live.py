"""Figures of a benchmark that runs, out of its newest rows. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    known = _steps(plan, finished)
    counted = [row for row in rows if not known.is_warmup(row.step)]
    closing = [row for row in counted if row.closes]
    rate = calls_per_s(rows, now) if run.status is Status.RUNNING else None
    return Live(
        rows=len(rows),
        calls_per_s=rate,
        open_calls=_open_calls(run, plan, rows, in_hand, rate, known.value(run.step)),
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
                name=known.name(step),
                warmup=known.is_warmup(step),
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


def is_warmup(plan: Plan, step: int) -> bool:
    """Whether the calls of a step are in no figure.

    >>> is_warmup({"load": {"warmup": {"requests": 2}}}, 0)
    True
    """
    each = 2 if plan["load"].get("warmup") else 1
    return _Steps(each, "", (), to_looks=bool(plan.get("until"))).is_warmup(step)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of a plan, by number, as far as they are known."""

    each: int
    """Steps a value: 2 with warm-ups."""
    over: str
    values: Sequence[float]
    to_looks: bool = False
    """Each of them ends at a planned look; only the first may be a warm-up."""

    def value(self, step: int) -> float | None:
        place = step // self.each
        return self.values[place] if place < len(self.values) else None

    def is_warmup(self, step: int) -> bool:
        if self.to_looks:
            return step < self.each - 1
        return self.each == 2 and step % 2 == 0

    def name(self, step: int) -> str:
        """As in the result."""
        if self.to_looks:
            return (
                f"look {step - self.each + 2}" if step >= self.each - 1 else "warm-up"
            )
        value = self.value(step)
        name = "main" if value is None else f"{self.over} {value:g}"
        if not self.is_warmup(step):
            return name
        return "warm-up" if name == "main" else f"warm-up, {name}"


def _steps(plan: Plan, finished: Sequence[Finished]) -> _Steps:
    each = 2 if plan["load"].get("warmup") else 1
    if plan.get("sweep"):
        return _Steps(each, plan["sweep"]["over"], plan["sweep"]["values"])
    if plan.get("find"):
        return _Steps(each, plan["find"]["over"], _searched(plan, finished, each))
    return _Steps(each, "", (), to_looks=bool(plan.get("until")))


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
    run: Run,
    plan: Plan,
    rows: Sequence[Seen],
    in_hand: int,
    rate: float | None,
    held: float | None,
) -> int | None:
    """held: the value that a sweep or a search holds now."""
    if run.status is not Status.RUNNING:
        return None
    load = plan["load"]
    if load["kind"] == "concurrency":
        return min(in_hand, int(held or load["concurrency"]))
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
    duration_s = plan["load"].get("duration_s")
    worked_s = run.worked_s(now)
    if duration_s and worked_s is not None:
        values = plan["sweep"]["values"] if plan.get("sweep") else (None,)
        left.append(duration_s * len(values) - worked_s)
    return round(max(0.0, min(left)), 1) if left else None
