"""Rows once their answers were judged, and what the judging came to."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import fsum

from pydantic import Field

from shared.checks import Judge, name_of
from shared.fields import Frozen
from shared.opinion.asked import is_judged, judges_of, warmups
from shared.opinion.record import Opinion
from shared.plan import Plan
from shared.sample import Sample
from shared.sample import decode as row_of

FILE = "judged.jsonl"

Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Unasked:
    """Why a judge was not asked about an answer."""

    kept: Collection[Place]
    """(step, slot, attempt) of the answers that are whole in the store."""
    why: str
    """Of those all the same: what ended the judging."""

    def of(self, row: Sample) -> str:
        """In a word."""
        is_kept = (row.step, row.slot, row.attempt) in self.kept
        return self.why if is_kept else "not_kept"


class Judging(Frozen):
    """What models said of answers, after the run. Their calls are in no other figure
    than the pass rate that follows from it, and their cost in no target's."""

    answers: int = Field(description="That were to be judged: all else was well.")
    calls: int = Field(description="That were made for it.")
    yes: int = Field(description="Opinions, one to each answer and judge.")
    no: int = Field(description="The same; after it no further judge is asked.")
    unknown: dict[str, int] = Field(
        description="Opinions that are missing, by the reason: `unclear` words, the"
        " outcome of a call that failed, `budget`, `not_kept`, `cancelled` ..."
    )
    cost_usd: float | None = Field(
        description="What the calls cost, as far as they say. None: none says."
    )


def judged(
    plan: Plan,
    rows: Iterable[bytes],
    opinions: Mapping[Place, Opinion],
    unasked: Unasked,
    missing: Counter[tuple[int, str]],
    answers: Counter[int],
) -> Iterator[Sample]:
    """The rows with what judges said of their answers.

    missing: (target, why) of each opinion that is not there, which is counted into it.
    answers: the same of targets, whose answers were to be judged.
    """
    warm = warmups(plan)
    for text in rows:
        row = row_of(text)
        if not is_judged(plan, row, warm):
            yield row
            continue
        answers[row.target] += 1
        passed, name = _verdict(plan, row, opinions)
        if passed is None:
            for place, _ in enumerate(judges_of(plan, row.prompt)):
                if (row.step, row.slot, place) not in opinions:
                    missing[row.target, unasked.of(row)] += 1
        yield replace(row, passed=passed, failed_check=name)


def _verdict(
    plan: Plan, row: Sample, opinions: Mapping[Place, Opinion]
) -> tuple[bool | None, str | None]:
    """Whether it passed, and the first judge that it failed, or that is unknown."""
    unknown: Judge | None = None
    for place, judge in enumerate(judges_of(plan, row.prompt)):
        found = opinions.get((row.step, row.slot, place))
        if found is None or found.word is None:
            unknown = unknown or judge
        elif not judge.passes(found.word):
            return False, name_of(judge)
    return (True, None) if unknown is None else (None, name_of(unknown))


def judging(
    answers: int, opinions: Iterable[Opinion], missing: Mapping[str, int]
) -> Judging:
    """What these opinions come to. missing: those that are not there, by the reason."""
    found = list(opinions)
    words = Counter(each.word for each in found)
    unknown = Counter(each.why or "unclear" for each in found if each.word is None)
    costs = [each.cost_usd for each in found if each.cost_usd is not None]
    return Judging(
        answers=answers,
        calls=sum(each.calls for each in found),
        yes=words["yes"],
        no=words["no"],
        unknown=dict(sorted((unknown + Counter(missing)).items())),
        cost_usd=fsum(costs) if costs else None,
    )
