"""The calls of one target as arrays, and which call of one stands beside which of
another."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.comparison.looks import AT_END, STRETCHES, Look
from shared.comparison.method.engine import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCalls:
    """What each slot of one target came to, one element a slot. NaN is unknown."""

    key: Ints
    """Names step, prompt and repetition; each once. Calls of another target with the
    same key are its partners."""
    prompt: Ints
    """A code of the prompt's text, the same in all that are compared."""
    place: Floats
    """Where the slot stood in the run's order."""
    ok: NDArray[np.bool_]
    good: NDArray[np.bool_]
    """It succeeded, and the answer passed its checks where it has some."""
    passed: Floats
    """1 where the answer passed its checks, 0 where it failed one."""
    ttft_s: Floats
    latency_s: Floats
    tpot_s: Floats
    cost_usd: Floats
    """Of all attempts of the slot."""
    output_tokens: Floats

    def __len__(self) -> int:
        return len(self.key)

    @property
    def is_checked(self) -> bool:
        """Whether any answer was checked."""
        return not np.isnan(self.passed).all()

    def where(self, some: NDArray[np.bool_]) -> "TargetCalls":
        """Those that are marked; itself where all are."""
        return self if some.all() else self.at(np.flatnonzero(some))

    def at(self, places: Ints) -> "TargetCalls":
        """Some of them, in this order."""
        return TargetCalls(
            **{name: getattr(self, name)[places] for name in self.__dataclass_fields__}
        )


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two targets, as they are compared."""

    a: TargetCalls
    b: TargetCalls
    paired: bool
    """`a[k]` and `b[k]` are one pair, in the order of time."""
    a_stretch: Ints
    """In which of the stretches of the run each call, or pair, was."""
    b_stretch: Ints
    is_full: bool
    """No stretch is empty: the run came to its planned end, or to the look."""
    look: Look = AT_END
    """At how many of the stretches."""

    @property
    def pairs(self) -> int:
        """Pairs, or the calls of the fewer."""
        return min(len(self.a), len(self.b))

    def at(self, some: NDArray[np.bool_]) -> "SideBySide":
        """Some of the pairs."""
        places = np.flatnonzero(some)
        return replace(
            self,
            a=self.a.at(places),
            b=self.b.at(places),
            a_stretch=self.a_stretch[places],
            b_stretch=self.b_stretch[places],
        )


def beside(
    a: TargetCalls,
    b: TargetCalls,
    *,
    paired: bool,
    planned: int | None,
    look: Look = AT_END,
) -> SideBySide:
    """Both, cut into the stretches of the plan.

    paired: by step, prompt and repetition; what has no partner is left out.
    planned: pairs of the plan. None, where time ends it: those that were made. look: at
    the first stretches alone; it takes pairs and a plan.
    """
    if not paired:
        a, b = a.at(np.argsort(a.place)), b.at(np.argsort(b.place))
        of_a, of_b = stretches(len(a), None), stretches(len(b), None)
        return SideBySide(a, b, paired, of_a, of_b, False)
    _, in_a, in_b = np.intersect1d(
        a.key, b.key, assume_unique=True, return_indices=True
    )
    order = np.argsort(a.place[in_a] + b.place[in_b], kind="stable")
    if look is not AT_END and planned:
        order = order[: look.pairs(planned)]
    a, b = a.at(in_a[order]), b.at(in_b[order])
    found = stretches(len(a), planned)
    is_full = len(np.unique(found)) == look.stretches
    return SideBySide(a, b, paired, found, found, is_full, look)


def beside_controls(
    of: SideBySide, a: TargetCalls, b: TargetCalls
) -> tuple[SideBySide, SideBySide]:
    """Pairs, and those of a control in the run of each, one beside the other: all that
    have four calls of one step, prompt and repetition."""
    controls = beside(a, b, paired=True, planned=None)
    _, in_of, in_controls = np.intersect1d(
        of.a.key, controls.a.key, assume_unique=True, return_indices=True
    )
    order = np.argsort(in_of)
    in_of, in_controls = in_of[order], in_controls[order]
    there = np.zeros(of.pairs, dtype=bool)
    there[in_of] = True
    of = of.at(there)
    return of, replace(of, a=controls.a.at(in_controls), b=controls.b.at(in_controls))


def stretches(made: int, planned: int | None) -> Ints:
    """The stretch of each pair, in order: equal pieces of what was planned.

    >>> stretches(5, 40).tolist()
    [0, 0, 1, 1, 2]
    """
    whole = max(planned or 0, made, 1)
    return np.arange(made, dtype=np.int64) * STRETCHES // whole
