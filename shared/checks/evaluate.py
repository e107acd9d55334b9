"""Whether an answer passes its checks, each within a time of computing.

A pattern may take for ever on some text, and so may a schema. Python's `re` looks for
signals while it matches, so a timer ends it. The timer counts the time that this
process computes, not the time by the clock: a busy machine changes no verdict.
"""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from shared.checks.judge import Judge
from shared.checks.kinds import CheckKind

MOST_S = 0.1
"""Of computing, for one check of one answer."""
MOST_CHARACTERS = 1_000_000
"""A longer answer is not looked at."""
_MOST_LATE = 5
"""A check that took too long so often is not tried any more."""


class Checked(NamedTuple):
    """What the checks say of one answer."""

    passed: bool | None
    """None: one could not be decided, and none failed."""
    name: str | None
    """Of the first check that failed; where none did, of the first that could not be
    decided. None where it passed."""


class _OutOfTime(BaseException):
    """No Exception, so that nobody between takes it for one of theirs."""


def name_of(check: CheckKind | Judge) -> str:
    """What rows call it."""
    return check.name or (f"not {check.kind}" if check.negate else check.kind)


def evaluate(
    checks: Sequence[CheckKind], text: str, late: Counter[str] | None = None
) -> Checked:
    """What the checks say of a text. For the main thread alone, whose timer it takes.

    late: how often each took too long, which is added to.
    """
    late = Counter() if late is None else late
    undecided = None
    for check in checks:
        held = _held(check, text, late)
        if held is None:
            undecided = undecided or name_of(check)
        elif held is check.negate:
            return Checked(False, name_of(check))
    return Checked(None if undecided else True, undecided)


def _held(check: CheckKind, text: str, late: Counter[str]) -> bool | None:
    if len(text) > MOST_CHARACTERS or (late and late[repr(check)] >= _MOST_LATE):
        return None
    try:
        with _within(MOST_S):
            return check.holds(text)
    except _OutOfTime:
        late[repr(check)] += 1
    except (RecursionError, MemoryError):
        pass
    return None


@contextmanager
def _within(most_s: float) -> Iterator[None]:
    """Raises _OutOfTime in the block when it has computed for so long."""
    before = signal.signal(signal.SIGVTALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_VIRTUAL, most_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _out_of_time(number: int, frame: FrameType | None) -> None:
    raise _OutOfTime
