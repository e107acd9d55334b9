"""Failures by what they have in common: the outcome, then the message without ids."""

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from api.page_data.records import FailureGroup, call_id
from shared.outputs.arrays import CallRows
from shared.sample import Outcome

MOST_GROUPS = 50
OTHER = "other"
_EXAMPLES = 3
_MARKS = 60
_CHARACTERS = 200

_ID = re.compile(
    r"\b(?=[\w-]*\d)(?:[A-Za-z]+[-_])?[0-9A-Za-z_]{2,}(?:-[0-9A-Za-z_]+)*\b|\d+"
)
"""A word with a digit in it, or a number alone."""
_STATUS = re.compile(r"[1-5]\d\d: ")


def masked(message: str) -> str:
    """The message with # for each id and number, so that one fault is one group.

    An HTTP status at its beginning stays: it is neither.

    >>> masked("429: limit of 20 a minute, request req-7f3a91 at 0.35 s")
    '429: limit of # a minute, request # at # s'
    """
    status = _STATUS.match(message)
    begin = status[0] if status else ""
    rest = re.sub(r"#(?:\.#)+", "#", _ID.sub("#", message[len(begin) :]))
    return (begin + rest)[:_CHARACTERS]


def failure_groups(
    calls: CallRows, at_s: NDArray[np.float64], provider: Callable[[int], int]
) -> tuple[FailureGroup, ...]:
    """The commonest first; at most MOST_GROUPS, and the rest as `other`."""
    outcomes, outcome_names = calls.text["outcome"]
    errors, error_names = calls.text["error"]
    bad = np.flatnonzero(~calls.ok & ~calls.said("outcome", Outcome.CANCELLED))
    if not len(bad):
        return ()
    pairs = np.stack((outcomes[bad], errors[bad]))
    kinds, which = np.unique(pairs, axis=1, return_inverse=True)
    texts = [
        (outcome_names[o], masked(error_names[e]) if e >= 0 else None)
        for o, e in kinds.T.tolist()
    ]
    counts: Counter[tuple[str, str | None]] = Counter()
    for number, calls_of in enumerate(np.bincount(which.ravel()).tolist()):
        counts[texts[number]] += calls_of
    ranked = sorted(counts, key=lambda kind: (-counts[kind], kind[0], kind[1] or ""))
    # one group more is shown whole: "other" would be as long
    named = ranked if len(ranked) <= MOST_GROUPS else ranked[: MOST_GROUPS - 1]
    place = {kind: number for number, kind in enumerate(named)}
    of = np.array([place.get(text, len(named)) for text in texts])[which.ravel()]
    found = []
    for number in range(len(named) + (len(ranked) > len(named))):
        mine = bad[of == number]
        outcome, message = named[number] if number < len(named) else (OTHER, None)
        found.append(_group(calls, mine, at_s, provider, outcome, message))
    return tuple(found)


def _group(
    calls: CallRows,
    mine: NDArray[np.int64],
    at_s: NDArray[np.float64],
    provider: Callable[[int], int],
    outcome: str,
    message: str | None,
) -> FailureGroup:
    when = at_s[mine]
    when = np.sort(when[~np.isnan(when)])
    some = when[np.linspace(0, len(when) - 1, min(len(when), _MARKS)).astype(int)]
    first = mine[:_EXAMPLES]
    step, slot = calls.whole["step"], calls.whole["slot"]
    served = {provider(code) for code in np.unique(calls.text["provider"][0][mine])}
    return FailureGroup(
        outcome=outcome,
        message=message,
        calls=len(mine),
        targets=tuple(np.unique(calls.text["target"][0][mine]).tolist()),
        providers=tuple(sorted(served)),
        at_s=tuple(some.round(3).tolist()),
        examples=tuple(call_id(int(step[p]), int(slot[p])) for p in first),
    )
