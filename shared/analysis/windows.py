"""Windows of time, and what happened per second in them.

Rows know the time since their step began, and a step that was paused goes on in a new
segment. So a window is a sum over stretches, one for each (step, segment), and the time
in which nobody worked is in none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.analysis.distributions import Floats, total

Group = NDArray[np.int64]
"""Where the rows of a group stand in the columns."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment of a step, by the stamps of its rows."""

    step: int
    first_sent_s: float
    last_sent_s: float
    last_ended_s: float


@dataclass(frozen=True, slots=True)
class Windows:
    """Lengths in seconds; None where nothing was sent, or all at one instant."""

    measured_s: float | None
    whole_s: float | None


def stretches_of(
    step: NDArray[np.int64],
    segment: NDArray[np.int64],
    sent_s: Floats,
    ended_s: Floats,
    is_retry: NDArray[np.bool_],
) -> tuple[list[Stretch], NDArray[np.bool_]]:
    """Every stretch in which a call was sent, and which rows ended while it lasted.

    All shapes (n,). A row counts while the last call of its stretch is not yet sent:
    after that the load drains and is no longer what was asked. Retries that come after
    the last first attempt belong to the drain.
    """
    found, within = [], np.zeros(len(step), dtype=bool)
    for number, rows in split(step, segment):
        sent, ended = sent_s[rows], ended_s[rows]
        if np.isnan(sent).all():
            continue
        newest = float(np.nanmax(sent))
        asked = sent[~is_retry[rows]]
        last = newest if np.isnan(asked).all() else float(np.nanmax(asked))
        end = newest if np.isnan(ended).all() else max(newest, float(np.nanmax(ended)))
        found.append(Stretch(number, float(np.nanmin(sent)), last, end))
        within[rows] = ended <= last
    return found, within


def windows(each: Iterable[Stretch]) -> Windows:
    """How long calls were being sent, and how long until the last of them ended."""
    kept = tuple(each)
    measured = sum(one.last_sent_s - one.first_sent_s for one in kept)
    whole = sum(one.last_ended_s - one.first_sent_s for one in kept)
    return Windows(measured or None, whole or None)


def per_s(amount: float | None, window_s: float | None) -> float | None:
    """An amount per second; None without an amount or a window."""
    return None if amount is None or window_s is None else amount / window_s


def asked_and_achieved(
    step: NDArray[np.int64],
    segment: NDArray[np.int64],
    due_s: Floats,
    started_s: Floats,
) -> tuple[float | None, float | None]:
    """Slots that came due, and slots that started, per second of an open load.

    asked     sum of (due - 1)     / sum of (last due - first due)
    achieved  sum of (started - 1) / sum of (last due - first due + growth of the queue)

    over the stretches. The queue grows by `started - due` of the last call less that of
    the first, if more than nothing: a generator that falls behind stretches its
    schedule, one that drops calls starts fewer. All shapes (n,), first attempts.
    None where nothing was due, or all at one instant.
    """
    lasted_s, lags = [], []
    asked = achieved = 0
    for _, rows in split(step, segment):
        rows = rows[~np.isnan(due_s[rows])]
        if not len(rows):
            continue
        due = due_s[rows]
        began = rows[~np.isnan(started_s[rows])]
        by_due = began[np.argsort(due_s[began], kind="stable")]
        queue = started_s[by_due] - due_s[by_due]
        lasted_s.append(float(due.max() - due.min()))
        lags.append(max(0.0, float(queue[-1] - queue[0])) if len(queue) else 0.0)
        asked += len(due) - 1
        achieved += max(0, len(began) - 1)
    all_s = total(np.array(lasted_s))
    if not all_s:
        return None, None
    return asked / all_s, achieved / (all_s + total(np.array(lags)))


def peak_open(
    step: NDArray[np.int64], segment: NDArray[np.int64], sent_s: Floats, ended_s: Floats
) -> int:
    """The most calls that were open at once. All shapes (n,)."""
    peak = 0
    for _, rows in split(step, segment):
        both = rows[~np.isnan(sent_s[rows]) & ~np.isnan(ended_s[rows])]
        begins, ends = np.sort(sent_s[both]), np.sort(ended_s[both])
        over = np.searchsorted(ends, begins, side="right")
        peak = max(peak, int((np.arange(1, len(both) + 1) - over).max(initial=0)))
    return peak


SLICES = 40
"""Of the whole time, in `calls_over_time`."""


def ended_over_time(
    step: NDArray[np.int64], segment: NDArray[np.int64], sent_s: Floats, ended_s: Floats
) -> tuple[int, ...]:
    """Calls that ended in each slice of the time in which somebody worked, of which
    there are `SLICES`; () where no call took any time. All shapes (n,)."""
    ends, worked_s = [], 0.0
    for _, rows in split(step, segment):
        both = rows[~np.isnan(sent_s[rows]) & ~np.isnan(ended_s[rows])]
        if not len(both):
            continue
        since_s = ended_s[both] - sent_s[both].min()
        ends.append(worked_s + since_s)
        worked_s += float(since_s.max())
    if not worked_s:
        return ()
    found, _ = np.histogram(np.concatenate(ends), SLICES, (0.0, worked_s))
    return tuple(found.tolist())


def split(
    step: NDArray[np.int64], segment: NDArray[np.int64]
) -> Iterable[tuple[int, Group]]:
    """The positions of the rows of each (step, segment), with the step's number."""
    order = np.lexsort((segment, step))
    if not len(order):
        return
    changes = (np.diff(step[order]) != 0) | (np.diff(segment[order]) != 0)
    for rows in np.split(order, np.flatnonzero(changes) + 1):
        yield int(step[rows[0]]), rows
