"""From the files of runs to their comparison: who is compared with whom, if at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.baselines.plans import in_words
from api.comparing.differing import differences
from shared import archive
from shared.clock import utc_label
from shared.comparison import ComparedRun, Comparison, Difference, Side
from shared.comparison.compare import compare
from shared.comparison.contest import Contest, Entrant
from shared.errors import Incomparable, Unreadable
from shared.outputs.calls import RunCalls, read_calls
from shared.plan import Plan, total
from shared.run import Run

MOST_TARGETS = 20
"""Of one run, every two of which are compared."""

_CACHED = 0.05
"""By so much the shares of cached prompts may differ without a word."""

_NOTES = {
    "targets": (
        "The intervals are 95 % ones, each by itself. `better` and `worse` go by p"
        " after Holm, over all pairs and metrics, for each of the two statements by"
        " itself; docs/compare.md says how often they are wrong.",
        "`Beyond these minutes` holds if the hour was typical: only runs on several"
        " days show more.",
    ),
    "runs": (
        "The runs were not interleaved: each is one moment, and what differs between"
        " the two moments may be the target or the hour.",
        "A claim about a target takes three runs or more a side, on several days.",
    ),
}


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended, with its calls."""

    run: Run
    plan: Plan
    result: dict[str, Any]
    calls: RunCalls

    @property
    def barred(self) -> frozenset[str]:
        """Figures that cannot be used, as its verdict says."""
        return frozenset((self.result.get("verdict") or {}).get("unusable") or ())


def comparison_of(folder: Path, job_ids: Sequence[str], anyway: bool) -> Comparison:
    """The targets of one run beside each other, or of several runs.

    anyway: compare also what was asked to do other work.

    Raises NoSuchRun, Unreadable, NewerRecord, TooMuch, and Incomparable.
    """
    runs = _read(folder, job_ids)
    differ = differences([(r.plan, r.result, r.calls) for r in runs])
    if len(runs) == 1:
        contests, left_out = _within(runs[0])
    else:
        _check(differ, anyway=anyway)
        contests, left_out = _between(runs, differ)
    verdicts, rankings = compare(contests)
    between = "targets" if len(runs) == 1 else "runs"
    notes = list(_NOTES[between])
    notes += [
        f"The verdict on {one.run.job_id} is `invalid`: its figures cannot be used"
        " without care."
        for one in runs
        if (one.result.get("verdict") or {}).get("kind") == "invalid"
    ]
    notes += [note for one in runs for note in unequal_caches(one.result)]
    return Comparison(
        jobs=tuple(map(_shown, runs)),
        between="targets" if len(runs) == 1 else "runs",
        differences=differ,
        left_out=tuple(left_out),
        verdicts=verdicts,
        rankings=rankings,
        notes=tuple(notes),
    )


def unequal_caches(result: dict[str, Any]) -> list[str]:
    """A note, where the prompts of one target of a run were in a cache more often than
    those of another: that is quicker and cheaper, and the target did nothing for it."""
    shares = {
        each["target"]: each["counts"]["prompt_cache_hits"] / each["total_runs"]
        for each in result.get("targets") or ()
        if each.get("total_runs") and each.get("counts")
    }
    if not shares or max(shares.values()) - min(shares.values()) <= _CACHED:
        return []
    said = ", ".join(f"{100 * share:.0f} % of {name}" for name, share in shares.items())
    return [
        f"Prompts were in a provider's cache unequally often ({said}), which makes"
        " first tokens quicker and calls cheaper. `unique_prefix` asks each prompt"
        " anew."
    ]


def _read(folder: Path, job_ids: Sequence[str]) -> list[EndedRun]:
    heads = [
        (
            archive.load(folder, job_id),
            archive.plan_of(folder, job_id),
            archive.result_of(folder, job_id),
        )
        for job_id in job_ids
    ]
    try:
        files = [folder / job_id / "samples.csv" for job_id in job_ids]
        found = read_calls(
            [(head[1], file) for head, file in zip(heads, files, strict=True)]
        )
    except (OSError, ValueError) as error:
        raise Unreadable("samples.csv", " or ".join(job_ids), error) from error
    return [EndedRun(*head, calls) for head, calls in zip(heads, found, strict=True)]


def _shown(one: EndedRun) -> ComparedRun:
    return ComparedRun(
        job_id=one.run.job_id,
        created_at=utc_label(one.run.created_at),
        targets=tuple(one.calls.targets),
        calls=one.calls.calls,
    )


def _within(one: EndedRun) -> tuple[list[Contest], list[str]]:
    """The targets of one run."""
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
    slots = total(one.plan)
    entrants = tuple(_entrant(one, label, label) for label in there)
    planned = None if slots is None else slots // len(labels)
    return [Contest(entrants, planned=planned)], left_out


def _between(
    runs: Sequence[EndedRun], differ: Sequence[Difference]
) -> tuple[list[Contest], list[str]]:
    """Each target that several runs have; of runs of one target each, those."""
    paired = not any(each.what == "prompts" for each in differ)
    short = _short([one.run.job_id for one in runs])

    def contest(found: Sequence[tuple[EndedRun, str]], *, named: bool) -> Contest:
        entrants = tuple(
            _entrant(one, label, short[one.run.job_id], label if named else "")
            for one, label in found
        )
        return Contest(entrants, paired=paired, one_run=False)

    if all(len(one.calls.targets) == 1 for one in runs):
        alone = [(one, next(iter(one.calls.targets))) for one in runs]
        return [contest(alone, named=True)], []
    labels = dict.fromkeys(label for one in runs for label in one.calls.targets)
    contests, left_out = [], []
    for label in labels:
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


def _entrant(one: EndedRun, label: str, name: str, beside: str = "") -> Entrant:
    side = Side(job_id=one.run.job_id, target=label)
    name = f"{beside} of {name}" if beside else name
    return Entrant(side, name, one.calls.targets[label], one.barred)


def _short(job_ids: Sequence[str]) -> dict[str, str]:
    """Their beginnings, as long as it takes to tell them apart."""
    length = next(
        n for n in range(10, 27) if len({i[:n] for i in job_ids}) == len(job_ids)
    )
    return {job_id: job_id[:length] for job_id in job_ids}


def _check(differ: Sequence[Difference], *, anyway: bool) -> None:
    said = in_words(differ)
    if said and not anyway:
        raise Incomparable(
            f"These benchmarks did not ask for the same work ({said}), so a difference"
            " would not tell what made it. Ask with `anyway=true` to compare them all"
            " the same."
        )
