"""The metrics of one call: what follows from its stamps and counts.

Tools that share a name do not share its meaning, so each metric here is its formula,
written once: over numbers for one row (`ttft_s(sample)`), and over numpy arrays for the
columns of a run. From METRICS follow the columns, the cells of samples.csv and the
distributions of the summary.

Times are seconds. None (NaN in a column) means that the thing does not exist for this
call: nothing was streamed, no token came. It is never a zero in disguise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, TypeVar

from shared.sample import Note, Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

V = TypeVar("V", float, "NDArray[np.float64]")

LATE_S = 0.010
"""A start later than this after its due time is late."""

MOST_OFF = 0.05
"""A value that may be more than this share of itself too long is off."""
RESOLUTION_S = 0.002
"""No slack up to this is held against a value: sockets are looked at once in a
millisecond, so that much is left open when an upstream itself sends several events in
one packet, and their stamps are exact all the same."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, exact for one row. Its column is rounded to whole nanoseconds where
    it is in seconds (its name ends with `_s`), and what is made of it is made of that.

    Where one of the columns that it is made of is unknown, it does not exist.
    """

    name: str
    """Of its column, with the unit."""
    says: str
    """One sentence, as docs/metrics.md has it."""
    formula: Callable[..., float]
    needs: tuple[str, ...]
    """The columns that the formula is made of, which are its parameters: fields of
    Sample, or metrics that stand before it in the table."""
    summary: str | None
    """Of its distribution over successful calls; None: the summary has none."""
    exists: Callable[..., bool] | None
    """A condition on these columns, given by name; None: whenever they are known."""
    unless: Note | None
    """It does not exist for a row that says this of itself."""

    def __call__(self, sample: Sample) -> float | None:
        """The metric of one row."""
        if self.unless is not None and sample.has(self.unless):
            return None
        known: dict[str, float] = {}
        for name in self.needs:
            metric = METRICS.get(name)
            value = getattr(sample, name) if metric is None else metric(sample)
            if value is None:
                return None
            is_rounded = metric is not None and name.endswith("_s")
            known[name] = round(value, 9) if is_rounded else value
        if self.exists is not None and not self.exists(**known):
            return None
        return self.formula(**known)


def metric(
    *,
    summary: str | None = None,
    exists: Callable[..., bool] | None = None,
    unless: Note | None = None,
) -> Callable[[Callable[..., float]], Metric]:
    """The function below it as a metric: named as it is, made of the columns that its
    parameters name, and told by the first sentence of its docstring.

    exists: is given the same columns by name, as `exists=lambda **of: of["n"] > 0`."""

    def made(formula: Callable[..., float]) -> Metric:
        text = " ".join((formula.__doc__ or "").split())
        return Metric(
            name=formula.__name__,
            says=text.partition(". ")[0].removesuffix("."),
            formula=formula,
            needs=tuple(signature(formula).parameters),
            summary=summary,
            exists=exists,
            unless=unless,
        )

    return made


@metric()
def queue_s(started_s: V, due_s: V) -> V:
    """How long the call waited in this program. For its lane, its rate permit and its
    money; not in a closed load, where nothing is due."""
    return started_s - due_s


@metric(summary="latency")
def latency_s(ended_s: V, sent_s: V) -> V:
    """The whole call. From the request on the wire to the end of its answer."""
    return ended_s - sent_s


@metric(summary="response")
def response_s(ended_s: V, due_s: V) -> V:
    """What somebody waited who asked at the due time, our own queue included."""
    return ended_s - due_s


@metric(summary="ttft")
def ttft_s(first_token_s: V, sent_s: V) -> V:
    """Time to the first token, reasoning and tool calls included. Opening the
    connection is not in it (`connect_s` is); vllm, sglang and aiperf count it in."""
    return first_token_s - sent_s


@metric(summary="ttft_visible")
def ttft_visible_s(first_visible_s: V, sent_s: V) -> V:
    """Time to the first token that a reader sees. Reasoning is left out."""
    return first_visible_s - sent_s


@metric(
    summary="tpot",
    exists=lambda **of: of["output_tokens"] >= 2,
    unless=Note.ONE_BURST,
)
def tpot_s(last_token_s: V, first_token_s: V, output_tokens: V) -> V:
    """Mean time per output token after the first. guidellm calls this ITL; its
    "time_per_output_token" also counts the first token."""
    return (last_token_s - first_token_s) / (output_tokens - 1)


METRICS: dict[str, Metric] = {
    each.name: each
    for each in (queue_s, latency_s, response_s, ttft_s, ttft_visible_s, tpot_s)
}
"""Each metric by its name. One that is made of another stands behind it."""


def spread() -> dict[str, Metric]:
    """The metrics whose distributions stand in the summary, by their names there."""
    return {each.summary: each for each in METRICS.values() if each.summary}
