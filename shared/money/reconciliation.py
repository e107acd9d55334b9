"""Our rows beside the upstream's bills: what differs, and what it comes to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

from pydantic import Field
from pydantic_core import from_json

from shared.errors import NewerRecord
from shared.fields import Frozen, Moment

SCHEMA = 1
FILE = "reconciliation.json"

SAME_USD = 1e-9
"""Costs that are no further apart are the same: both are sums of floats."""

State = Literal["found", "not_found", "unanswered"]
Difference = Literal["cost", "provider", "tokens"]


class Bill(Frozen):
    """What one side says of a call. None: it does not say."""

    cost_usd: float | None = Field(default=None, description="What it cost.")
    provider: str | None = Field(default=None, description="Who served it.")
    prompt_tokens: int | None = Field(default=None, description="Of the prompt.")
    output_tokens: int | None = Field(default=None, description="Of the answer.")
    reasoning_tokens: int | None = Field(
        default=None, description="Of the answer: reasoning."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One of our rows that a bill can be asked for."""

    step: int
    slot: int
    attempt: int
    generation_id: str
    bill: Bill


@dataclass(frozen=True, slots=True)
class BillReply:
    """The upstream's reply to one `GET /generation`."""

    status: int | None
    """Of HTTP; None: nobody answered."""
    bill: Bill | None = None
    """None: there is none, or not yet."""


class Compared(Frozen):
    """One row beside its bill."""

    step: int = Field(description="Of the row, as in samples.csv.")
    slot: int = Field(description="The same.")
    attempt: int = Field(description="The same.")
    generation_id: str = Field(description="The upstream's id of the call.")
    state: State = Field(
        description="`not_found`: still 404 at the last time of asking; `unanswered`:"
        " `status`, or nothing at all."
    )
    status: int | None = Field(description="Of HTTP; None: nobody answered.")
    ours: Bill = Field(description="What the row says.")
    theirs: Bill | None = Field(description="The bill; None where none came.")
    differs: tuple[Difference, ...] = Field(
        description="Where both sides say something, and not the same."
    )


class Totals(Frozen):
    """Sums over the rows that were asked for; null where nobody said a cost."""

    rows: int = Field(description="In samples.csv.")
    rows_with_id: int = Field(description="Those that have a generation_id.")
    asked: int = Field(description="Rows whose bill was asked for.")
    found: int = Field(description="Those whose bill came.")
    not_found: int = Field(description="Those that the upstream knows no bill of.")
    unanswered: int = Field(description="Those of which it said nothing.")
    differing_cost: int = Field(description="Bills of another cost than the row's.")
    differing_provider: int = Field(description="Bills of another provider.")
    differing_tokens: int = Field(description="Bills with other counts of tokens.")
    theirs_usd: float | None = Field(description="Billed for the rows that were found.")
    ours_usd: float | None = Field(description="What the same rows say that they cost.")
    without_cost_rows: int = Field(
        description="Rows that were found and had no cost of their own."
    )
    without_cost_usd: float | None = Field(
        description="What those cost; part of `theirs_usd`, and in no summary."
    )


class Reconciliation(Frozen):
    """What came of one comparison: `reconciliation.json`."""

    schema_version: int = Field(default=SCHEMA, description="Of this record.")
    job_id: str = Field(description="The benchmark.")
    upstream: str = Field(description="Who was asked for the bills.")
    ended_at: Moment = Field(description="When the comparison ended.")
    notes: tuple[str, ...] = Field(description="Why not every row was compared.")
    totals: Totals = Field(description="Sums over the rows that were asked for.")
    calls: tuple[Compared, ...] = Field(description="Each row that was compared.")


def read(text: bytes) -> Reconciliation:
    """A file of ours, without its `calls`; raises NewerRecord for a later version's."""
    said: dict[str, Any] = from_json(text)
    if said["schema_version"] > SCHEMA:
        raise NewerRecord(FILE, said["schema_version"], SCHEMA)
    return Reconciliation.model_validate({**said, "calls": ()})


def compare(row: Row, reply: BillReply) -> Compared:
    """A row beside the last reply about it."""
    state: State = "not_found" if reply.status == 404 else "unanswered"
    return Compared(
        step=row.step,
        slot=row.slot,
        attempt=row.attempt,
        generation_id=row.generation_id,
        state=state if reply.bill is None else "found",
        status=reply.status,
        ours=row.bill,
        theirs=reply.bill,
        differs=() if reply.bill is None else tuple(differences(row.bill, reply.bill)),
    )


def differences(ours: Bill, theirs: Bill) -> list[Difference]:
    """In what two bills differ; what one of them does not say is no difference.

    >>> differences(Bill(cost_usd=0.1, provider="Harbor"), Bill(cost_usd=0.2))
    ['cost']
    """
    found: list[Difference] = []
    costs = [bill.cost_usd for bill in (ours, theirs) if bill.cost_usd is not None]
    if costs and max(costs) - min(costs) > SAME_USD:
        found.append("cost")
    names = [bill.provider for bill in (ours, theirs) if bill.provider is not None]
    # the same house is written in other letters by other parts of the upstream
    if len({name.casefold() for name in names}) > 1:
        found.append("provider")
    tokens = zip(_tokens(ours), _tokens(theirs), strict=True)
    if any(a != b for a, b in tokens if a is not None and b is not None):
        found.append("tokens")
    return found


def totals(calls: Sequence[Compared], *, rows: int, rows_with_id: int) -> Totals:
    """What the comparisons come to."""
    pairs = [(call.ours, call.theirs) for call in calls if call.theirs is not None]
    states = [call.state for call in calls]
    differing = [difference for call in calls for difference in call.differs]
    silent = [theirs for ours, theirs in pairs if ours.cost_usd is None]
    return Totals(
        rows=rows,
        rows_with_id=rows_with_id,
        asked=len(calls),
        found=len(pairs),
        not_found=states.count("not_found"),
        unanswered=states.count("unanswered"),
        differing_cost=differing.count("cost"),
        differing_provider=differing.count("provider"),
        differing_tokens=differing.count("tokens"),
        theirs_usd=_usd(theirs for _, theirs in pairs),
        ours_usd=_usd(ours for ours, _ in pairs),
        without_cost_rows=len(silent),
        without_cost_usd=_usd(silent),
    )


def evenly(n: int, most: int) -> set[int]:
    """Up to `most` places among `n`, evenly spread.

    >>> sorted(evenly(10, 4))
    [0, 2, 5, 7]
    """
    chosen = min(n, most)
    return {place * n // chosen for place in range(chosen)}


def _tokens(bill: Bill) -> tuple[int | None, int | None, int | None]:
    return bill.prompt_tokens, bill.output_tokens, bill.reasoning_tokens


def _usd(bills: Iterable[Bill]) -> float | None:
    costs = [bill.cost_usd for bill in bills if bill.cost_usd is not None]
    return fsum(costs) if costs else None
