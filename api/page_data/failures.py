"""Failures by what they have in common: the outcome, then the message without ids."""

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from api.page_data.masks import MOST_GROUPS, OTHER, masked
from api.page_data.records import FailureGroup, call_id
from shared.outputs.arrays import CallRows
from shared.sample import Outcome

_EXAMPLES = 3
_MARKS = 60


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
