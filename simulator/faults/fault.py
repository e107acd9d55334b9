"""What a fault is: a sentence, and a pure function for the stage at which it acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.bodies.refusals import Refusal
from simulator.reply import Answer, Script

Params = Mapping[str, str]
Refuse = Callable[[Params, float], Refusal]
"""An error status instead of an answer; the time is Unix seconds."""
Bend = Callable[[Answer, Params], Answer]
"""Another answer, told properly."""
Cut = Callable[[Script, Answer, Params], Script]
"""The same answer, other bytes or times."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table: a sentence and the stage at which it acts."""

    says: str
    refuse: Refuse | None = None
    bend: Bend | None = None
    cut: Cut | None = None
    unless: Callable[[Mapping[str, Any]], bool] | None = None
    """It refuses a request only where this does not hold of its body."""
    first: int | None = None
    """Strikes so many calls of each prompt and then no more; None: all of them."""


def having(**changes: Any) -> Bend:
    """The same answer with other fields."""
    return lambda answer, params: replace(answer, **changes)
