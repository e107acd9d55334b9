"""The columns of a benchmark's rows: samples.csv and samples.parquet have the same."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.analysis import METRICS

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["whole", "real", "yes_no", "text", "utc", "label", "model", "digest"]
"""What a cell holds: an integer, a number, a truth, a text, a moment (Unix seconds); of
a target its label or its model; of a prompt its SHA-256."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and the column of the rows that it is made of."""

    kind: Kind
    of: str


COLUMNS = {
    "step": Column("whole", "step"),
    "slot": Column("whole", "slot"),
    "attempt": Column("whole", "attempt"),
    "segment": Column("whole", "segment"),
    "worker": Column("text", "worker"),
    "target": Column("label", "target"),
    "upstream": Column("text", "upstream"),
    "model": Column("model", "target"),
    "served_model": Column("text", "served_model"),
    "provider": Column("text", "provider"),
    "prompt_index": Column("whole", "prompt"),
    "prompt_sha256": Column("digest", "prompt"),
    "repetition": Column("whole", "repetition"),
    "outcome": Column("text", "outcome"),
    "status": Column("whole", "status"),
    "error": Column("text", "error"),
    "started_at": Column("utc", "started_at"),
    "due_s": Column("real", "due_s"),
    "started_s": Column("real", "started_s"),
    "sent_s": Column("real", "sent_s"),
    "ack_s": Column("real", "ack_s"),
    "first_token_s": Column("real", "first_token_s"),
    "first_visible_s": Column("real", "first_visible_s"),
    "last_token_s": Column("real", "last_token_s"),
    "ended_s": Column("real", "ended_s"),
    "queue_s": Column("real", "queue_s"),
    "connect_s": Column("real", "connect_s"),
    "reused": Column("yes_no", "reused"),
    "ttft_s": Column("real", "ttft_s"),
    "ttft_visible_s": Column("real", "ttft_visible_s"),
    "latency_s": Column("real", "latency_s"),
    "response_s": Column("real", "response_s"),
    "tpot_s": Column("real", "tpot_s"),
    "gap_n": Column("whole", "gap_n"),
    "gap_p50_s": Column("real", "gap_p50_s"),
    "gap_p99_s": Column("real", "gap_p99_s"),
    "gap_max_s": Column("real", "gap_max_s"),
    "prompt_tokens": Column("whole", "prompt_tokens"),
    "output_tokens": Column("whole", "output_tokens"),
    "reasoning_tokens": Column("whole", "reasoning_tokens"),
    "cached_tokens": Column("whole", "cached_tokens"),
    "total_tokens": Column("whole", "total_tokens"),
    "tokens_from": Column("text", "tokens_from"),
    "cost_usd": Column("real", "cost_usd"),
    "finish_reason": Column("text", "finish_reason"),
    "generation_id": Column("text", "generation_id"),
    "stamp_slack_s": Column("real", "stamp_slack_s"),
    "ttft_slack_s": Column("real", "ttft_slack_s"),
    "gap_slack_s": Column("real", "gap_slack_s"),
    "gap_doubtful_n": Column("whole", "gap_doubtful_n"),
    "last_slack_s": Column("real", "last_slack_s"),
    "end_slack_s": Column("real", "end_slack_s"),
    "kind": Column("text", "kind"),
    "notes": Column("text", "notes"),
    "passed": Column("yes_no", "passed"),
    "failed_check": Column("text", "failed_check"),
}
"""In their order, which never changes."""


def all_columns() -> dict[str, Column]:
    """COLUMNS, and at the end each metric that has no place among them."""
    more = {name: Column("real", name) for name in METRICS if name not in COLUMNS}
    return COLUMNS | more


def milliseconds(at_s: "pd.Series[float]") -> "pd.Series[float]":
    """Unix seconds as whole milliseconds, cut off as `shared.clock.utc_label` does."""
    return (at_s * 1e6).round().floordiv(1e3)
