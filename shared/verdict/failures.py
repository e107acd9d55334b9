"""Doubts about a run in which too little succeeded, or that did not come to its end.

Each says what calls came to, and in the upstream's own words why.
"""

from collections.abc import Mapping

from shared.run import Ending, Status
from shared.sample import Outcome
from shared.verdict.records import Evidence, Reason

MANY_FAILURES = 0.05
MOST_FAILURES = 0.5

_CUT_SHORT = "Look at the `error` column, mend the cause, and run again."
_NO_CONNECTION = (
    "Check its address (OPENROUTER_BASE_URL, or `base_url` in UPSTREAMS_FILE), and that"
    " the upstream is up and can be reached from the workers' machines."
)
_BUSY = "Ask a lower rate or fewer calls at once, or try another time."
_SLOW = "Ask fewer calls at once or shorter answers, or raise the deadlines (*_S)."
_REMEDIES: Mapping[Outcome, str] = {
    Outcome.DROPPED: "Allow more calls open at once, ask a lower rate, or add workers.",
    Outcome.CONNECT_ERROR: _NO_CONNECTION,
    Outcome.TIMEOUT_CONNECT: _NO_CONNECTION,
    Outcome.RATE_LIMITED: _BUSY,
    Outcome.REFUSED: "Check the model's name, the key, and what the upstream says of"
    " the request.",
    Outcome.NO_CREDIT: "Add credit to the account, then run again.",
    Outcome.UPSTREAM_ERROR: "Try another time, another model or another provider.",
    Outcome.TIMEOUT_FIRST_TOKEN: _SLOW,
    Outcome.TIMEOUT_IDLE: _SLOW,
    Outcome.TIMEOUT_TOTAL: _SLOW,
    Outcome.EMPTY: "Raise `max_tokens`, or look at what the model answers.",
    Outcome.UNFINISHED: "Give the last calls of a step longer (`drain_s`, or DRAIN_S"
    " where its time is over), or ask for shorter answers.",
    Outcome.NO_TEXT: "Raise `max_tokens`: all of it went into reasoning.",
}
_ENDINGS: Mapping[Ending, str] = {
    Ending.BUDGET: "Raise `max_cost_usd`, or ask for fewer or shorter answers.",
    Ending.CANCELLED: "Run it again, and let it go on for longer.",
    Ending.BAD_KEY: "Check the key (OPENROUTER_API_KEY, or what UPSTREAMS_FILE names)"
    ", then run again.",
    Ending.NO_CREDIT: _REMEDIES[Outcome.NO_CREDIT],
    Ending.UPSTREAM_DOWN: "Raise OUTAGE_S to wait longer for the upstream.",
    Ending.POISON: "Look at the workers' logs before you run it again.",
    Ending.BUG: "Look at the workers' logs before you run it again.",
}


def _run_failed(evidence: Evidence) -> Reason | None:
    """What was measured before may be true; it is not what was asked for."""
    if evidence.summary.status is not Status.FAILED or evidence.summary.ending is None:
        return None
    ending = evidence.summary.ending
    return Reason(
        kind="suspect",
        code="run_failed",
        words=f"The run failed ({ending}) after {evidence.summary.total_runs} calls."
        + _said(evidence.summary.cause),
        remedy=_ENDINGS.get(ending, _CUT_SHORT),
    )


def _no_success(evidence: Evidence) -> Reason | None:
    summary = evidence.summary
    if summary.counts.ok:
        return None
    calls, away = summary.total_runs, summary.counts.turned_away
    if calls:
        outcomes, sentence = _outcomes(evidence), _sentence(evidence)
        words = f"None of {calls} calls succeeded: {outcomes}.{sentence}"
    elif away:
        words = f"No call succeeded, and {away} were turned away.{_sentence(evidence)}"
    elif summary.ending is Ending.CANCELLED:  # what it cut has no row
        words = "No call had ended when the run was cancelled."
    else:
        why = "" if summary.ending is None else f" The run's ending: {summary.ending}."
        words = f"No call was made.{why}"
    return Reason(
        kind="invalid",
        code="no_success",
        words=words,
        remedy=_remedy(evidence),
        value=0.0,
        limit=0.0,
        figures=evidence.figures,
    )


def _many_failures(evidence: Evidence) -> Reason | None:
    """A plan that says how many may fail is judged by that, up to the half of all.

    A target of which nothing succeeded is told however few its calls are among those
    of the others.
    """
    share, limit = _failed_share(evidence), evidence.plan.max_error_share
    if not evidence.summary.counts.ok or share is None:
        return None
    if limit is not None and not limit >= share > MOST_FAILURES:
        return None  # allowed, or told as too many
    barren = _barren(evidence)
    if share <= MANY_FAILURES and not barren:
        return None
    none_of = f" No call of {', '.join(barren)} succeeded." if barren else ""
    most = share > MOST_FAILURES
    return Reason(
        kind="invalid" if most else "suspect",
        code="many_failures",
        words=f"{_failed_words(evidence, share)}{none_of} The figures are of those that"
        " succeeded.",
        remedy=_remedy(evidence),
        value=share,
        limit=MOST_FAILURES if most else MANY_FAILURES,
        figures=evidence.figures if most else (),
    )


def _too_many_errors(evidence: Evidence) -> Reason | None:
    share, limit = _failed_share(evidence), evidence.plan.max_error_share
    if limit is None or share is None or share <= limit:
        return None
    return Reason(
        kind="invalid",
        code="too_many_errors",
        words=f"{_failed_words(evidence, share)} The plan accepts {limit:.1%}.",
        remedy=_remedy(evidence),
        value=share,
        limit=limit,
        figures=evidence.figures,
    )


def _barren(evidence: Evidence) -> list[str]:
    """The labels of the targets whose calls all failed."""
    return [
        target.target
        for target in evidence.summary.targets
        if target.counts.failed and not target.counts.ok
    ]


def _failed_share(evidence: Evidence) -> float | None:
    counts = evidence.summary.counts
    sent = counts.ok + counts.failed
    return counts.failed / sent if sent else None


def _failed_words(evidence: Evidence, share: float) -> str:
    counts = evidence.summary.counts
    return (
        f"{counts.failed} of {counts.ok + counts.failed} calls ({share:.1%}) failed:"
        f" {_outcomes(evidence)}.{_sentence(evidence)}"
    )


def _outcomes(evidence: Evidence) -> str:
    """What slots came to if not to a success, the commonest three."""
    each = [(n, name) for name, n in evidence.summary.counts.outcomes.items()]
    bad = sorted((-n, name) for n, name in each if name != Outcome.OK)
    named = ", ".join(f"{-n} {name}" for n, name in bad[:3])
    rest = sum(-n for n, _ in bad[3:])
    return f"{named}, and {rest} of other kinds" if rest else named


def _sentence(evidence: Evidence) -> str:
    said = [one.error for one in evidence.summary.complaints if one.error is not None]
    return f" The commonest error:{_said(said[0])}" if said else ""


def _said(sentence: str | None) -> str:
    if not sentence:
        return ""
    return f" {sentence}" if sentence.endswith((".", "!", "?")) else f" {sentence}."


def _remedy(evidence: Evidence) -> str:
    ending, complaints = evidence.summary.ending, evidence.summary.complaints
    if ending in (Ending.BAD_KEY, Ending.NO_CREDIT) or not complaints:
        return _CUT_SHORT if ending is None else _ENDINGS.get(ending, _CUT_SHORT)
    return _REMEDIES.get(Outcome(complaints[0].outcome), _CUT_SHORT)


FAILURES = (_run_failed, _no_success, _many_failures, _too_many_errors)
