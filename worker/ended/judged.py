"""What judges said of a run's answers, as its reduce has it from the store."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis

from shared.analysis import Summary
from shared.opinion import (
    Opinion,
    Unasked,
    has_judges,
    judged,
    judging,
    kept_of,
)
from shared.plan import Plan, work
from shared.sample import Sample
from shared.store import opinions


@dataclass(slots=True)
class Said:
    """All opinions, and what follows from them for rows and figures."""

    plan: Plan
    has_judges: bool
    opinions: tuple[Opinion, ...] = ()
    unasked: Unasked = field(default_factory=lambda: Unasked((), ""))
    missing: Counter[tuple[int, str]] = field(default_factory=Counter)
    """(target, why) of opinions that are not there; filled by `rows`."""
    answers: Counter[int] = field(default_factory=Counter)
    """Target -> its answers that were to be judged; filled by `rows`."""

    def rows(self, rows: Iterable[bytes]) -> Iterator[bytes | Sample]:
        """The rows with what judges said of their answers."""
        if not self.has_judges:
            return iter(rows)
        by_place = {each.place: each for each in self.opinions}
        return judged(
            self.plan, rows, by_place, self.unasked, self.missing, self.answers
        )

    def told(self, figures: Summary) -> Summary:
        """The figures with what the judging came to, once the rows were read."""
        if not self.has_judges:
            return figures
        whose = [work(self.plan, each.step, each.slot).target for each in self.opinions]
        targets = []
        for number, target in enumerate(figures.targets):
            pairs = zip(whose, self.opinions, strict=True)
            mine = [opinion for of, opinion in pairs if of == number]
            lacking = {why: n for (of, why), n in self.missing.items() if of == number}
            found = judging(self.answers[number], mine, lacking)
            more = {"judging": found, "judge_cost_usd": found.cost_usd}
            targets.append(target.model_copy(update=more))
        lacking = Counter[str]()
        for (_, why), n in self.missing.items():
            lacking[why] += n
        whole = judging(self.answers.total(), self.opinions, lacking)
        return figures.model_copy(
            update={
                "targets": tuple(targets),
                "judging": whole,
                "judge_cost_usd": whole.cost_usd,
            }
        )


async def said(redis: Redis, plan: Plan, job_id: str, answers: Sequence[bytes]) -> Said:
    """What was said of this run; nothing where it has no judges."""
    if not has_judges(plan):
        return Said(plan, has_judges=False)
    kept = {each.place for each in map(kept_of, answers) if each.is_whole}
    why = await opinions.why_unasked(redis, job_id) or "not_asked"
    every = tuple(await opinions.every(redis, job_id))
    return Said(plan, has_judges=True, opinions=every, unasked=Unasked(kept, why))
