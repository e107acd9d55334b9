"""What the simulator truly did, a record for each call.

Seconds are of `time.monotonic`, which all processes of one Linux machine share, so a
client's own stamps can be laid beside them. `..._at` are the same moments as Unix
seconds. The ledger is bounded: beyond its cap the oldest records are forgotten, and
how many is told.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from statistics import fmean, median
from time import monotonic, time
from typing import Any

MOMENTS = (
    "received",
    "head",
    "first_byte",
    "first_token",
    "first_visible",
    "last_token",
    "last_byte",
    "ended",
)


@dataclass(slots=True)
class Record:
    """One call. A moment is None while, or because, it did not come.

    `head` is the status line, `first_byte` the first of the body, `first_token` the
    first streamed event with reasoning or content, `first_visible` the first with
    content. `last_byte` is the last write so far; `ended` is that of a call which was
    told to its end, else the moment at which the client was gone.
    """

    n: int
    id: str
    received_s: float
    received_at: float
    model: str = ""
    provider: str | None = None
    fault: str | None = None
    streamed: bool = False
    status: int | None = None
    outcome: str | None = None
    """As a client must classify it when it reads to the end; None while open."""
    cut: bool = False
    """The client left before the end. The outcome is then `cancelled`, unless the
    reply was one that can only end by the client's own deadline."""
    finish_reason: str | None = None

    head_s: float | None = None
    first_byte_s: float | None = None
    first_token_due_s: float | None = None
    """When the first token should have gone out: `first_token` less this is late."""
    first_token_s: float | None = None
    first_visible_s: float | None = None
    last_token_s: float | None = None
    last_byte_s: float | None = None
    ended_s: float | None = None
    late_max_s: float = 0.0
    """The worst delay of any write after its due time."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Tokens produced and, if `cost_usd` is not 0, billed; reasoning included."""
    reasoning_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    prompt_sha256: str | None = None
    authorized: bool = False
    key_sha256: str | None = None
    """The first 12 hex digits; the key itself is not kept."""
    traceparent: str | None = None
    """The header of that name (W3C Trace Context), as it came."""
    open_at_once: int = 0
    """Calls open when this one came, itself included."""

    def as_json(self) -> dict[str, Any]:
        """The record with its wall-clock moments; the cost as a decimal string."""
        row: dict[str, Any] = {
            name: getattr(self, name) for name in self.__dataclass_fields__
        }
        row["cost_usd"] = f"{self.cost_usd.normalize():f}"
        for moment in MOMENTS[1:]:
            at_s = row[f"{moment}_s"]
            passed = None if at_s is None else at_s - self.received_s
            row[f"{moment}_at"] = None if passed is None else self.received_at + passed
        return row


class Ledger:
    """The records, oldest first, and how many calls were open at once."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._records: dict[int, Record] = {}
        self._next = 1
        self.forgotten = 0
        self.open = 0
        self.open_peak = 0

    def begin(self, received_s: float, *, plain: bool = False) -> Record:
        """A new record with the next ordinal; `plain` gives it the other kind of id."""
        self.open += 1
        self.open_peak = max(self.open_peak, self.open)
        at = time() - (monotonic() - received_s)
        tail = _tail(self._next)
        reply = f"chatcmpl-{tail}" if plain else f"gen-{int(at)}-{tail}"
        record = Record(self._next, reply, received_s, at, open_at_once=self.open)
        self._records[record.n] = record
        self._next += 1
        while len(self._records) > self._cap:
            del self._records[next(iter(self._records))]
            self.forgotten += 1
        return record

    def end(self, record: Record) -> None:
        """The call is over."""
        # After a burst it is long after the last write that we hear of the end.
        told = record.last_byte_s is not None and not record.cut
        record.ended_s = record.last_byte_s if told else monotonic()
        self.open -= 1

    def clear(self) -> None:
        """Forget all records and begin again with ordinal 1, so draws repeat."""
        self._records = {}
        self._next = 1
        self.forgotten = 0
        self.open_peak = self.open

    def find(self, generation: str) -> Record | None:
        """The record with this generation id."""
        return next((r for r in self if r.id == generation), None)

    def asked_before(self, record: Record) -> int:
        """How often its prompt was asked of its model before, as far as is known."""
        same = (record.model, record.prompt_sha256)
        return sum(
            (other.model, other.prompt_sha256) == same
            for other in self
            if other.n < record.n
        )

    def since(self, n: int, limit: int) -> dict[str, Any]:
        """Up to `limit` records after ordinal `n`; `more` tells to ask again."""
        after = [record for record in self if record.n > n]
        rows = [record.as_json() for record in islice(after, limit)]
        return {
            "records": rows,
            "more": len(after) > len(rows),
            "forgotten": self.forgotten,
            "cap": self._cap,
            "open": self.open,
            "open_peak": self.open_peak,
        }

    def summary(self) -> dict[str, Any]:
        """Per model: outcomes, true times, tokens and cost of the calls that ended."""
        by_model: dict[str, list[Record]] = defaultdict(list)
        for record in self:
            if record.outcome is not None:
                by_model[record.model].append(record)
        return {
            "models": {model: _totals(rows) for model, rows in by_model.items()},
            "forgotten": self.forgotten,
            "open": self.open,
            "open_peak": self.open_peak,
        }

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())


def _totals(records: list[Record]) -> dict[str, Any]:
    done = [r for r in records if r.outcome == "ok" and r.ended_s is not None]
    ttfts = [r.first_token_s - r.received_s for r in done if r.first_token_s]
    latencies = [r.ended_s - r.received_s for r in done if r.ended_s]
    cost = sum((r.cost_usd for r in records), Decimal(0))
    return {
        "calls": len(records),
        "outcomes": dict(Counter(r.outcome for r in records)),
        "ttft_s": _centre(ttfts),
        "latency_s": _centre(latencies),
        "late_max_s": max(r.late_max_s for r in records),
        "prompt_tokens": sum(r.prompt_tokens for r in records),
        "completion_tokens": sum(r.completion_tokens for r in records),
        "reasoning_tokens": sum(r.reasoning_tokens for r in records),
        "cost_usd": f"{cost.normalize():f}",
    }


def _centre(values: list[float]) -> dict[str, float | int | None]:
    """Of calls that ended ok; None without any."""
    return {
        "n": len(values),
        "mean": fmean(values) if values else None,
        "p50": median(values) if values else None,
    }


def _tail(n: int) -> str:
    """20 letters and digits that differ for each ordinal."""
    return hashlib.sha256(str(n).encode()).hexdigest()[:20]
