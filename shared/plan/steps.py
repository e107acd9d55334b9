"""What follows from a plan: its steps, and what each slot asks and when.

Pure functions: nothing is stored in advance, and any worker can do any slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.comparison.looks import LOOKS
from shared.plan.loads import Load
from shared.plan.loads.due import DueTimes
from shared.plan.loads.find import Search, SearchAnswer, answer_of, search
from shared.plan.loads.shape import is_open
from shared.plan.loads.sweep import Over, at_value
from shared.plan.order import adjacent_targets, shuffled_pairs
from shared.plan.plan import Plan
from shared.plan.until import parts

MOST_MADE = 200_000
"""Due times of a plan that are made only to be counted."""

LEAD_S = 0.3
"""An open load starts so long after its first claim, so that every shard is ready."""


@dataclass(frozen=True, slots=True)
class Step:
    """One load held over one stretch of the run."""

    number: int
    """From 0, in the order in which they are run."""
    name: str
    """What people see: `warm-up`, `main`, `concurrency 8`."""
    load: Load
    count: int | None
    """How many slots; None while only time ends the step."""
    duration_s: float | None
    """No slot starts later than this after the step's start; None: no limit."""
    warmup: bool
    """Its rows are kept and never counted."""
    value: float | None = None
    """Of the sweep or the search: the concurrency, or the rate. None: of neither."""

    @property
    def is_open(self) -> bool:
        """Whether its slots have due times."""
        return is_open(self.load)


@dataclass(frozen=True, slots=True)
class Work:
    """What one slot asks."""

    target: int
    """Index into `plan.targets`."""
    prompt: int
    """Index of the prompt."""
    repetition: int
    """Which time this pair is asked, from 0."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that is over, as far as the next one depends on it."""

    step: int
    """Its number."""
    goodput: float | None = None
    """The share of its calls that met the SLO; None for a warm-up, or without calls."""
    decided: bool = False
    """It ended at a look that answered all questions of `until`."""


def steps(plan: Plan) -> tuple[Step, ...]:
    """The steps that are known beforehand, in order.

    Plain plan: an optional warm-up and the measured one. Sweep: these for each value.
    Search: those for its first value; `next_step` gives the others. `until`: a step to
    each of its looks.
    """
    if plan.find:
        return _at(plan, 0, plan.find.over, plan.find.low)
    if plan.until:
        return _to_looks(plan, _pair(plan, 0, "main", plan.load))
    if plan.sweep is None:
        return _pair(plan, 0, "main", plan.load)
    swept: tuple[Step, ...] = ()
    for value in plan.sweep.values:
        swept += _at(plan, len(swept), plan.sweep.over, value)
    return swept


def next_step(plan: Plan, finished: Sequence[Finished]) -> Step | None:
    """The step to run when these are over, or None when the run is.

    finished: all steps so far, warm-ups too, in order. The one question to ask for any
    plan, so that the caller need not know whether it sweeps or searches.

    Raises ValueError where `finished` is not steps 0, 1, 2 ...
    """
    done = len(finished)
    if plan.find is None:
        _check_order(finished)
        if finished and finished[-1].decided:
            return None
        known = steps(plan)
        return known[done] if done < len(known) else None
    state = found(plan, finished)
    if state is None or state.next is None:
        return None
    place = done % _steps_per_value(plan)
    return _at(plan, done - place, plan.find.over, state.next)[place]


def found(plan: Plan, finished: Sequence[Finished]) -> Search | None:
    """Where the plan's search stands: what passed, what failed; None without one."""
    _check_order(finished)
    if plan.find is None:
        return None
    each = _steps_per_value(plan)
    return search(plan.find, [step.goodput for step in finished[each - 1 :: each]])


def answer(
    plan: Plan, finished: Sequence[Finished], *, complete: bool
) -> SearchAnswer | None:
    """The answer of the plan's search; None without one.

    complete: the run ended as a search does. Else calls of the last step may be
    missing, so that it neither passed nor failed.
    """
    state = found(plan, finished if complete else finished[:-1])
    if plan.find is None or state is None:
        return None
    return answer_of(plan.find, state, complete=complete)


def total(plan: Plan) -> int | None:
    """Slots outside warm-up; None while a search decides, or in a closed load time.

    Where time ends a load with due times, those before its end are made and counted;
    None too where they are more than `MOST_MADE`. For a thread: 0.2 us each.
    """
    if plan.find:
        return None
    measured = [step for step in steps(plan) if not step.warmup]
    if sum(map(_made, measured)) > MOST_MADE:
        return None
    counts = [
        due_times(plan, step).number() if _made(step) else step.count
        for step in measured
    ]
    return None if None in counts else sum(count or 0 for count in counts)


def _made(step: Step) -> float:
    """How many due times tell how many slots a step has, about; 0 where it is known."""
    if step.duration_s is None:
        return 0
    due = step.load.slots_by(step.duration_s)
    return 0 if due is None else min(due, step.count or due)


def work(plan: Plan, step: int, index: int) -> Work:
    """What slot (step, index) asks.

    Indexes fall in blocks of `plan.pairs()`, in which each pair of target and prompt is
    asked once before any is asked again. Its seeded order is the plan's `order`.
    """
    if plan.until is not None:
        step, index = _in_one_step(plan, step, index)
    prompts, targets = plan.prompts.count(), len(plan.targets)
    if prompts == targets == 1:
        return Work(0, 0, index)
    block, place = divmod(index, prompts * targets)
    order = adjacent_targets if plan.order == "adjacent" else shuffled_pairs
    prompt, target = order(plan.order_seed, step, block, prompts, targets, place)
    return Work(target, prompt, block)


def due_times(plan: Plan, step: Step) -> DueTimes:
    """When the slots of a step are due, by index; make one per step and keep it."""
    seed = f"{plan.order_seed}:{step.number}"
    return DueTimes(step.load, seed, step.count, step.duration_s)


def _at(plan: Plan, number: int, over: Over, value: float) -> tuple[Step, ...]:
    load = at_value(plan.load, over, value)
    return _pair(plan, number, f"{over} {value:g}", load, value)


def _pair(
    plan: Plan, number: int, name: str, load: Load, value: float | None = None
) -> tuple[Step, ...]:
    """The measured step, with a warm-up before it where the load has one."""
    count = load.slots(plan.pairs() * plan.runs)
    duration_s = load.duration_s
    if not load.warmup:
        return (Step(number, name, load, count, duration_s, False, value),)
    warm = "warm-up" if name == "main" else f"warm-up, {name}"
    return (
        Step(number, warm, load, load.warmup, duration_s, True, value),
        Step(number + 1, name, load, count, duration_s, False, value),
    )


def _to_looks(plan: Plan, known: tuple[Step, ...]) -> tuple[Step, ...]:
    """The measured step in as many steps as there are looks."""
    *warm, main = known
    counts = parts(main.count or 0, len(plan.targets))
    return (
        *warm,
        *(
            replace(main, number=main.number + n, name=f"look {n + 1}", count=count)
            for n, count in enumerate(counts)
        ),
    )


def _in_one_step(plan: Plan, step: int, index: int) -> tuple[int, int]:
    """Where a slot would be if the run were not looked at: it asks the same."""
    main = _steps_per_value(plan) - 1
    if step <= main:
        return step, index
    slots = plan.load.slots(plan.pairs() * plan.runs) or 0
    return main, index + sum(parts(slots, len(plan.targets))[: step - main])


def look_of(plan: Plan, step: Step) -> int | None:
    """Which look ends this step, from 1; None: none does."""
    if plan.until is None or step.warmup:
        return None
    return step.number - _steps_per_value(plan) + 2


def is_measured(plan: Plan, step: Step) -> bool:
    """Whether the next step depends on the rows of this one."""
    if step.warmup or plan.until is None:
        return plan.find is not None and not step.warmup
    return look_of(plan, step) != len(LOOKS)


def _steps_per_value(plan: Plan) -> int:
    return 2 if plan.load.warmup else 1


def _check_order(finished: Sequence[Finished]) -> None:
    numbers = [step.step for step in finished]
    if numbers != list(range(len(numbers))):
        raise ValueError(f"steps {numbers} are not all from 0 on, in order")
