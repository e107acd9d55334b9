"""What a fault is: a sentence, and a pure function for the stage at which it acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.refusals import Refusal
from simulator.script import Answer, Script

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table: a sentence and the stage at which it acts."""

    says: str
    refuse: Callable[[Params, float], Refusal] | None = None
    bend: Callable[[Answer, Params], Answer] | None = None
    cut: Callable[[Script, Answer, Params], Script] | None = None
    unless: Callable[[Mapping[str, Any]], bool] | None = None
    """It refuses a request only where this does not hold of its body."""
    first: int | None = None
    """Strikes so many calls of each prompt and then no more; None: all of them."""
