"""From the files of runs to their comparison: who is compared with whom, if at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from api.baselines.plans import in_words
from api.comparing.contests import EndedRun, between_runs, of_sides, within
from api.comparing.differing import differences
from shared import archive
from shared.clock import utc_label
from shared.comparison import ComparedRun, Comparison, Difference, front_of
from shared.comparison.compare import compare
from shared.comparison.looks import AT_END, LOOKS
from shared.errors import Incomparable, Unreadable
from shared.outputs.calls import Within, read_calls

_CACHED = 0.05
"""By so much the shares of cached prompts may differ without a word."""

_NOTES = {
    "targets": (
        "The intervals are 95 % ones, each by itself. `better` and `worse` go by p"
        " after Holm, over all pairs and metrics, for each of the two statements by"
        " itself; docs/compare.md says how often they are wrong.",
        "`Beyond these minutes` holds if the hour was typical. Where targets drift by"
        " themselves, as behind a router, it is wrong in up to 18 of 100 runs: only"
        " runs on several days show more.",
    ),
    "sides": (
        "Each run is one value, and how much those of a side differ is how sure all is."
        " A claim holds for hours and days like those of the runs.",
        "The intervals are 95 % ones, each by itself; the words go by p after Holm.",
    ),
    "runs": (
        "The runs were not interleaved: each is one moment, and what differs between"
        " the two moments may be the target or the hour.",
        "A claim about a target takes three runs or more a side, on several days.",
    ),
}


def comparison_of(
    folder: Path,
    job_ids: Sequence[str],
    anyway: bool,
    *,
    against: Sequence[str] = (),
    control: str | None = None,
    part: Within | None = None,
) -> Comparison:
    """The targets of one run beside each other, or of several runs.

    anyway: compare also what was asked to do other work. against: the runs of the other
    side; each side is several runs then. control: a target of all runs that shows what
    the hour did. part: of a run only the calls that began in this part.

    Raises NoSuchRun, Unreadable, NewerRecord, TooMuch, and Incomparable.
    """
    runs = _read(folder, [*job_ids, *against], part)
    differ = differences([(r.plan, r.result, r.calls) for r in runs])
    between: Literal["targets", "runs", "sides"] = "targets"
    if len(runs) > 1:
        between = "sides" if against else "runs"
        _check(differ, anyway=anyway)
    if control and between != "runs":
        raise Incomparable(
            "A control shows what the hour did to two runs. Name two runs or more, none"
            " of them as the other side."
        )
    match between:
        case "targets":
            contests, left_out = within(runs[0], part)
        case "runs":
            contests, left_out = between_runs(runs, differ, control)
        case "sides":
            contests, left_out = of_sides(runs[: len(job_ids)], runs[len(job_ids) :])
    verdicts, rankings = compare(contests)
    notes = list(_NOTES[between])
    if between == "targets":
        notes[:1] = _ended_early(runs[0]) or notes[:1]
    notes += [
        f"The verdict on {one.run.job_id} is `invalid`: its figures cannot be used"
        " without care."
        for one in runs
        if (one.result.get("verdict") or {}).get("kind") == "invalid"
    ]
    notes += [note for one in runs for note in unequal_caches(one.result)]
    return Comparison(
        jobs=tuple(map(_shown, runs)),
        between=between,
        differences=differ,
        left_out=tuple(left_out),
        verdicts=verdicts,
        rankings=rankings,
        front=front_of(verdicts) if between == "targets" else None,
        notes=tuple(notes),
    )


def _ended_early(one: EndedRun) -> list[str]:
    """What to know of a run that ended at an early look; [] of others."""
    look = one.look
    if look is AT_END:
        return []
    return [
        f"It ended at look {LOOKS.index(look) + 1} of {len(LOOKS)}. Because it is"
        f" looked at several times, `better`, `worse` and `equivalent` go by p up to"
        f" {look.level:g} after Holm, and the intervals are"
        f" {100 * (1 - look.level):g} % ones; docs/compare.md says how often that is"
        " wrong."
    ]


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


def _read(folder: Path, job_ids: Sequence[str], part: Within | None) -> list[EndedRun]:
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
            [(head[1], file) for head, file in zip(heads, files, strict=True)], part
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


def _check(differ: Sequence[Difference], *, anyway: bool) -> None:
    said = in_words(differ)
    if said and not anyway:
        raise Incomparable(
            f"These benchmarks did not ask for the same work ({said}), so a difference"
            " would not tell what made it. Ask with `anyway=true` to compare them all"
            " the same."
        )
