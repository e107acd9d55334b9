"""From what is known of a metric to one of four words, and a sentence."""

from collections.abc import Iterable, Iterator

from shared.comparison import words
from shared.comparison.findings import Finding, Reading
from shared.comparison.method.engine import holm
from shared.comparison.quantities import is_ratio, shown_change
from shared.comparison.records import (
    EXPLORATORY,
    SHARES,
    MetricVerdict,
    Statement,
    Word,
)


def after_holm(found: Iterable[tuple[str, Reading | None]]) -> Iterator[float]:
    """The p of each after Holm, within its family; 1 where there is none."""
    given = list(found)
    adjusted = {
        family: iter(holm([r.p for of, r in given if r and of == family]))
        for family in {of for of, _ in given}
    }
    return iter([next(adjusted[family]) if r else 1.0 for family, r in given])


def judged(
    found: Finding, near: float, far: float, names: tuple[str, str], sure: float
) -> MetricVerdict:
    """near, far: p after Holm, in these minutes and beyond them. names: of both. sure:
    the p up to which a difference is called."""
    minutes = _statement(found, found.minutes, near, names, sure)
    beyond = _statement(found, found.beyond, far, names, sure)
    return MetricVerdict(
        metric=found.metric,
        exploratory=found.metric in EXPLORATORY,
        a=found.a,
        b=found.b,
        n=found.n,
        prompts=found.prompts,
        margin=_margin(found),
        minutes=minutes,
        beyond=beyond,
        why=_why(found, near, sure),
        needs=_needs(found, found.minutes, minutes, time=False),
        needs_beyond=_needs(found, found.beyond, beyond, time=True)
        or found.needs_beyond,
    )


def _margin(found: Finding) -> float | None:
    return None if found.margin is None else shown_change(found.metric, found.margin)


def _statement(
    found: Finding,
    reading: Reading | None,
    p_holm: float,
    names: tuple[str, str],
    sure: float,
) -> Statement | None:
    if reading is None:
        return None
    word = _word(found, reading, p_holm, sure)
    estimate, low, high = (
        shown_change(found.metric, end)
        for end in (reading.estimate, reading.low, reading.high)
    )
    said = words.claim(
        found.metric,
        names,
        (estimate, low, high),
        word,
        leans=p_holm <= sure,
        same=found.metric in SHARES and found.is_same,
    )
    return Statement(
        about=reading.about,
        estimate=estimate,
        low=low,
        high=high,
        p=reading.p,
        p_holm=p_holm,
        word=word,
        moved=reading.moved,
        sentence=said,
    )


def _word(found: Finding, reading: Reading, p_holm: float, sure: float) -> Word:
    word = _of_interval(found, reading, p_holm, sure)
    return "cannot_tell" if _is_flattery(found, word) else word


def _of_interval(found: Finding, reading: Reading, p_holm: float, sure: float) -> Word:
    delta = found.margin
    if delta is not None and -delta < reading.low_near and reading.high_near < delta:
        return "equivalent"
    if p_holm > sure:
        return "cannot_tell"
    is_less = reading.estimate < 0
    return "better" if is_less is is_ratio(found.metric) else "worse"


def _is_flattery(found: Finding, word: Word) -> bool:
    """Whether failures alone may have made this of it. What is slower although it is
    flattered is slower; what is quicker must be so by the wins, too."""
    if found.flattered is None or word == "cannot_tell":
        return False
    quicker = "a" if word == "better" else "b"
    if word != "equivalent" and quicker != found.flattered:
        return False
    return word == "equivalent" or not found.upheld


def _why(found: Finding, near: float, sure: float) -> str | None:
    reading = found.minutes
    if reading and _is_flattery(found, _of_interval(found, reading, near, sure)):
        return words.BIASED
    return found.why


def _needs(
    found: Finding, reading: Reading | None, said: Statement | None, *, time: bool
) -> str | None:
    """What would settle a statement that is not settled yet."""
    if found.runs and said and said.word == "cannot_tell" and reading:
        return words.more_runs(found.runs, _times_wider(found, reading))
    if found.spread is None or reading is None or said is None:
        return None
    if said.word != "cannot_tell":
        return None
    return words.remedy(found.spread, _times_wider(found, reading), time=time)


def _times_wider(found: Finding, reading: Reading) -> float:
    """How many times as wide its interval is as it has to be."""
    half = (reading.high - reading.low) / 2
    goal = max(abs(reading.estimate), found.margin or 0.0)
    return half / goal if goal else 1.0
