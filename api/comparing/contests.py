"""Who is compared with whom: the targets of a run, runs, or several runs a side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.comparison import Difference, Side
from shared.comparison.contest import Contest, Entrant
from shared.comparison.looks import AT_END, LOOKS, Look
from shared.comparison.sides import LEAST_RUNS
from shared.errors import Incomparable
from shared.outputs.calls import RunCalls, Within
from shared.outputs.looked import contest_of
from shared.plan import Plan
from shared.run import Ending, Run

MOST_TARGETS = 20
"""Of one run, every two of which are compared."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended, with its calls."""

    run: Run
    plan: Plan
    result: dict[str, Any]
    calls: RunCalls

    @property
    def look(self) -> Look:
        """The planned look that ended it, or that at its end."""
        if self.run.ending is not Ending.DECIDED:
            return AT_END
        return LOOKS[self.result["until"]["look"] - 1]

    @property
    def barred(self) -> frozenset[str]:
        """Figures that cannot be used, as its verdict says."""
        return frozenset((self.result.get("verdict") or {}).get("unusable") or ())


def within(
    one: EndedRun, part: Within | None = None
) -> tuple[list[Contest], list[str]]:
    """The targets of one run. part: only some of its calls are there."""
    labels = [each.label() for each in one.plan.targets]
    if len(labels) < 2:
        raise Incomparable(
            f"Benchmark {one.run.job_id} has one target, {labels[0]}, and nothing to"
            " compare it with. Name a second benchmark, or run one of two targets."
        )
    if len(labels) > MOST_TARGETS:
        raise Incomparable(
            f"Benchmark {one.run.job_id} has {len(labels):,} targets, and every two of"
            f" at most {MOST_TARGETS} are compared. Run the best of them again."
        )
    there = [label for label in labels if label in one.calls.targets]
    left_out = [f"{label}: it has no call" for label in labels if label not in there]
    contest = contest_of(
        one.plan, one.calls, one.run.job_id, barred=one.barred, look=one.look
    )
    if part:  # time has cut it, and not the plan
        contest = replace(contest, planned=None)
    return [contest], left_out


def between_runs(
    runs: Sequence[EndedRun], differ: Sequence[Difference], control: str | None
) -> tuple[list[Contest], list[str]]:
    """Each target that several runs have; of runs of one target each, those."""
    paired = not any(each.what == "prompts" for each in differ)
    short = _short([one.run.job_id for one in runs])
    if control:
        _check_control(runs, control, paired=paired)

    def contest(found: Sequence[tuple[EndedRun, str]], *, named: bool) -> Contest:
        entrants = tuple(
            _entrant(one, label, short[one.run.job_id], label if named else "", control)
            for one, label in found
        )
        return Contest(entrants, paired=paired, one_run=False, control=control)

    if all(len(one.calls.targets) == 1 for one in runs):
        alone = [(one, next(iter(one.calls.targets))) for one in runs]
        return [contest(alone, named=True)], []
    labels = dict.fromkeys(label for one in runs for label in one.calls.targets)
    contests, left_out = [], []
    for label in labels:
        if label == control:
            continue
        found = [(one, label) for one in runs if label in one.calls.targets]
        if len(found) > 1:
            contests.append(contest(found, named=True))
        else:
            left_out.append(f"{label}: only {found[0][0].run.job_id} has calls of it")
    if not contests:
        names = " and ".join(one.run.job_id for one in runs)
        raise Incomparable(
            f"{names} have no target in common, and not one target each, so it is not"
            " clear who is to be compared with whom. Run them as targets of one plan."
        )
    return contests, left_out


def _check_control(runs: Sequence[EndedRun], control: str, *, paired: bool) -> None:
    without = [one.run.job_id for one in runs if control not in one.calls.targets]
    if without:
        has = ", ".join(dict.fromkeys(label for r in runs for label in r.calls.targets))
        raise Incomparable(
            f"{' and '.join(without)} has no calls of {control}, which is to be the"
            f" control. The targets are {has}."
        )
    if not paired:
        raise Incomparable(
            "A control takes the same prompts in all runs, and these have others."
        )


def of_sides(
    a: Sequence[EndedRun], b: Sequence[EndedRun]
) -> tuple[list[Contest], list[str]]:
    """Each target that all runs have; of runs of one target each, that of each side."""
    if min(len(a), len(b)) < LEAST_RUNS:
        raise Incomparable(
            f"{len(a)} and {len(b)} runs are two sides. What a side is worth is told by"
            f" how much its runs differ, which takes {LEAST_RUNS} of each or more."
        )
    labels = [tuple(one.calls.targets) for one in (*a, *b)]
    common = [label for label in labels[0] if all(label in each for each in labels)]
    left_out = [
        f"{label}: not all of the runs have calls of it"
        for label in dict.fromkeys(label for each in labels for label in each)
        if label not in common
    ]
    pairs = [(label, label) for label in common]
    of_a, of_b = (
        {each[0] for each in some} for some in (labels[: len(a)], labels[len(a) :])
    )
    if (
        not common
        and {len(each) for each in labels} == {1}
        and len(of_a) == len(of_b) == 1
    ):
        pairs, left_out = [(of_a.pop(), of_b.pop())], []
    if not pairs:
        raise Incomparable(
            "The runs have no target in common, and the runs of a side not one and the"
            " same, so it is not clear who is to be compared with whom."
        )
    return [
        Contest(
            (_of_side(a, one, "the first"), _of_side(b, other, "the second")),
            one_run=False,
        )
        for one, other in pairs
    ], left_out


def _of_side(runs: Sequence[EndedRun], label: str, which: str) -> Entrant:
    first, *further = runs
    ids = tuple(one.run.job_id for one in further)
    return Entrant(
        Side(job_id=first.run.job_id, target=label, further=ids),
        f"{label} of {which} side",
        first.calls.targets[label],
        frozenset().union(*(one.barred for one in runs)),
        further=tuple(one.calls.targets[label] for one in further),
    )


def _entrant(
    one: EndedRun, label: str, name: str, beside: str = "", control: str | None = None
) -> Entrant:
    side = Side(job_id=one.run.job_id, target=label)
    name = f"{beside} of {name}" if beside else name
    calls = one.calls.targets
    of_control = calls[control] if control else None
    return Entrant(side, name, calls[label], one.barred, of_control)


def _short(job_ids: Sequence[str]) -> dict[str, str]:
    """Their beginnings, as long as it takes to tell them apart."""
    length = next(
        n for n in range(10, 27) if len({i[:n] for i in job_ids}) == len(job_ids)
    )
    return {job_id: job_id[:length] for job_id in job_ids}
