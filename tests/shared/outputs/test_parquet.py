"""samples.parquet: the columns, the nulls and the values of samples.csv."""

import csv
import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.analysis.columns import columns_of
from shared.clock import utc_label
from shared.outputs import OUTPUTS, parquet, write_csv, write_parquet
from shared.outputs.csv import unguarded
from shared.outputs.table import all_columns
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample

ROOT = Path(__file__).parents[3]
PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
)
BARE: dict[str, Any] = {"step": 0, "target": 0, "prompt": 0}
ROWS = [
    Sample(
        slot=0,
        **BARE | {"target": 1, "prompt": 1},
        outcome=Outcome.OK,
        worker="vm:1",
        started_at=1795420801.2509999,
        reused=True,
        status=200,
        sent_s=0.5,
        first_token_s=0.7500000001,
        last_token_s=1.75,
        ended_s=2.0,
        output_tokens=11,
        cost_usd=1.5e-07,
        provider="=1+1",
    ),
    Sample(slot=1, **BARE, outcome=Outcome.DROPPED),
    Sample(slot=2, **BARE, outcome=Outcome.TIMEOUT_IDLE, error="'; so", reused=False),
]


def read(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def written(rows: Sequence[Sample]) -> bytes:
    return b"".join(write_parquet(PLAN, columns_of(PLAN, rows)))


def as_csv(value: Any) -> str | None:
    """A value as samples.csv has it, of a cell that a reader has unquoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "timestamp"):
        return utc_label(value.timestamp())
    return None if value is None else str(value)


def test_every_value_and_every_null_is_that_of_the_csv() -> None:
    lines = b"".join(write_csv(PLAN, columns_of(PLAN, ROWS))).decode().splitlines()
    said = [*csv.DictReader(lines)]
    table = read(written(ROWS))
    assert table.column_names == [*said[0]] == [*all_columns()]
    for row, line in zip(table.to_pylist(), said, strict=True):
        for name, cell in line.items():
            value = row[name]
            if isinstance(value, float):
                assert float(cell) == value, name
            else:
                assert (unguarded(cell) or None) == as_csv(value), name


def test_a_column_has_the_type_of_what_it_holds() -> None:
    schema = read(written(ROWS)).schema
    assert schema.field("slot").type == pa.int64()
    assert schema.field("output_tokens").type == pa.int64(), "with nulls in it, too"
    assert schema.field("ttft_s").type == pa.float64()
    assert schema.field("reused").type == pa.bool_()
    assert schema.field("started_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("provider").type == pa.string()


def test_a_run_without_rows_is_a_table_without_rows() -> None:
    for rows in (None, columns_of(PLAN, [])):
        table = read(b"".join(write_parquet(PLAN, rows)))
        assert table.num_rows == 0
        assert table.column_names == [*all_columns()]


def test_it_comes_in_groups_so_that_memory_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "CHUNK", 100)
    rows = [Sample(slot=slot, **BARE, outcome=Outcome.OK) for slot in range(1000)]
    pieces = [*write_parquet(PLAN, columns_of(PLAN, rows))]
    assert len(pieces) == 10 + 1
    assert max(map(len, pieces[:-1])) < 2 * min(map(len, pieces[:-1])), "none grows"
    table = read(b"".join(pieces))
    assert table["slot"].to_pylist() == [*range(1000)]


def test_the_same_rows_are_the_same_bytes() -> None:
    assert written(ROWS) == written([*reversed(ROWS)])


def test_it_is_one_of_the_files_where_pyarrow_is_and_only_there() -> None:
    assert "samples.parquet" in OUTPUTS
    hide = "import sys; sys.modules['pyarrow'] = None"
    look = f"{hide}; from shared.outputs import OUTPUTS; print(*OUTPUTS)"
    said = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True
    )
    assert said.stdout.split()[:2] == ["samples.csv", "responses.jsonl"], said.stderr
