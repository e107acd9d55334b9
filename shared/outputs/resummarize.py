"""The summary of a run that has ended, made again from its rows by this version.

The old one stays beside it as `summary.1.json`, `summary.2.json` ...: the first is what
the run ended with. docs/data.md says why.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from shared import archive
from shared.analysis import Distribution, Pace, Summary
from shared.analysis.no_rows import summarize_none
from shared.comparison.looks import LookAnswer
from shared.errors import Unreadable, Unwritable
from shared.fields import Frozen
from shared.files import publish
from shared.opinion import Judging
from shared.outputs.json import write_json
from shared.outputs.rows import NOT_KEPT, read_rows
from shared.plan import Plan
from shared.process import version
from shared.run import Ending, Run
from shared.verdict import Judged, Observations, judge

MOST_CHANGES = 50

Made = TypeVar("Made", bound=Frozen)
_LOOK: TypeAdapter[LookAnswer | None] = TypeAdapter(LookAnswer | None)
_JUDGING: TypeAdapter[Judging | None] = TypeAdapter(Judging | None)


class ChangedFigure(Frozen):
    """A figure that is another now."""

    what: str = Field(description="Where it stands.", examples=["ttft.p95.high"])
    before: JsonValue = Field(description="What it was; null: unknown, or not there.")
    after: JsonValue = Field(description="What it is.")


class Resummarized(Frozen):
    """What became of a run's summary."""

    job_id: str = Field(description="Which run.")
    before: str | None = Field(
        description="The version that made the old one. Null: of before that was told."
    )
    after: str = Field(description="The version that made the new one.")
    verdicts: tuple[str | None, str] = Field(description="The old and the new one.")
    kept_as: str | None = Field(
        description="The old one's file, beside the new. Null: nothing has changed.",
        examples=["summary.1.json"],
    )
    carried: tuple[str, ...] = Field(
        description="Figures that are the old one's, since samples.csv does not have"
        " what they are made of.",
        examples=[["gap", "cache_hits"]],
    )
    changed: int = Field(description="How many figures are others now.")
    changes: tuple[ChangedFigure, ...] = Field(description="The first fifty of these.")


def resummarize(results_dir: Path, job_id: str) -> Resummarized:
    """Make the summary again, keep the old one, and say what has changed.

    Raises NoSuchRun, NewerRecord, Unreadable, Unwritable, TooMuch.
    """
    run = archive.load(results_dir, job_id)
    plan = archive.plan_of(results_dir, job_id)
    old = archive.result_of(results_dir, job_id)
    try:
        made = _made(plan, run, old, results_dir / job_id / "samples.csv")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable("samples.csv", job_id, error) from error
    new = made.model_dump(mode="json")
    changes = [*_changes(old, new)]
    kept_as = None
    if changes:
        try:
            kept_as = _exchange(results_dir / job_id / "summary.json", made)
        except OSError as error:
            raise Unwritable("summary.json", job_id, error) from error
    return Resummarized(
        job_id=job_id,
        before=old.get("summarized_by"),
        after=version(),
        verdicts=((old.get("verdict") or {}).get("kind"), made.verdict.kind),
        kept_as=kept_as,
        carried=NOT_KEPT,
        changed=len(changes),
        changes=tuple(changes[:MOST_CHANGES]),
    )


def _made(plan: Plan, run: Run, old: Mapping[str, Any], samples: Path) -> Judged:
    ending = run.ending or Ending.COMPLETED
    figures: Summary = summarize_none(plan, ending=ending, cause=run.error)
    with samples.open("rb") as file:
        has_rows = len([line for line, _ in zip(file, range(2), strict=False)]) == 2
    if has_rows:
        # pandas takes a second
        from shared.analysis.summarize import summarize

        rows = read_rows(plan, samples)
        figures = summarize(plan, rows, ending=ending, cause=run.error)
    seen = TypeAdapter(Observations).validate_python(old.get("observations") or {})
    more = {
        "machines": tuple(old.get("machines") or ()),
        "pace": TypeAdapter(tuple[Pace, ...]).validate_python(old.get("pace") or ()),
        # the run ended by what was found then
        "until": _LOOK.validate_python(old.get("until")),
        "summarized_by": version(),
    }
    return judge(plan, _carried(figures, old), seen).model_copy(update=more)


def _carried(figures: Summary, old: Mapping[str, Any]) -> Summary:
    """With what the rows do not have, as the old summary has it."""

    def of(made: Made, was: Mapping[str, Any]) -> Made:
        update: dict[str, Any] = {}
        with suppress(ValidationError, TypeError):  # of an earlier build: unknown
            update["gap"] = Distribution.model_validate(was.get("gap"))
        if "cache_hits" in (counts := was.get("counts") or {}):
            update["counts"] = made.counts.model_copy(  # type: ignore[attr-defined]
                update={"cache_hits": counts["cache_hits"]}
            )
        return made.model_copy(update=update)

    def each(made: Sequence[Made], name: str, was: Mapping[str, Any]) -> dict[str, Any]:
        by = {one.get(_NAMED[name]): one for one in was.get(name) or ()}
        return {
            name: tuple(of(one, by.get(getattr(one, _NAMED[name]), {})) for one in made)
        }

    targets = {one.get("target"): one for one in old.get("targets") or ()}
    by_provider = [
        one.model_copy(
            update=each(one.providers, "providers", targets.get(one.target, {}))
        )
        for one in figures.targets
    ]
    parts = each(by_provider, "targets", old) | each(figures.steps, "steps", old)
    doubtful = old.get("doubtful_shares") or {}
    shares = {
        name: share for name, share in figures.doubtful_shares.items() if name != "gap"
    }
    shares |= {"gap": doubtful["gap"]} if "gap" in doubtful else {}
    made = of(figures, old).model_copy(update={**parts, "doubtful_shares": shares})
    return _with_judging(made, old)


def _with_judging(made: Summary, old: Mapping[str, Any]) -> Summary:
    """What judges were asked and paid stands in no row; what they said does."""

    def of(was: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "judging": _JUDGING.validate_python(was.get("judging")),
            "judge_cost_usd": was.get("judge_cost_usd"),
        }

    by = {one.get("target"): one for one in old.get("targets") or ()}
    targets = tuple(
        one.model_copy(update=of(by.get(one.target, {}))) for one in made.targets
    )
    return made.model_copy(update={**of(old), "targets": targets})


_NAMED = {"targets": "target", "providers": "provider", "steps": "step"}
"""By which field the old figures of each are found again."""


def _changes(old: Any, new: Any, at: str = "") -> Iterator[ChangedFigure]:
    """Each leaf that is another now, in the order of the new ones."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*new, *(name for name in old if name not in new)]:
            where = f"{at}.{name}".removeprefix(".")
            yield from _changes(old.get(name), new.get(name), where)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _changes(one, other, f"{at}[{number}]")
    elif old != new:
        yield ChangedFigure(what=at, before=_told(old), after=_told(new))


def _told(value: Any) -> Any:
    return f"{len(value)} entries" if isinstance(value, list | dict) else value


def _exchange(path: Path, made: Judged) -> str:
    """Put the new summary in the place of the old one, and keep that; its new name.

    The new file has the old one's time: it tells when the run ended, and how old its
    results are.
    """
    was = path.stat()
    number = 1
    while True:
        kept = path.with_name(f"summary.{number}.json")
        try:
            os.link(path, kept)
            break
        except FileExistsError:
            number += 1
    publish(path, [write_json(made)])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    return kept.name
