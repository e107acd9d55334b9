"""samples.csv and samples.parquet as the same DataFrame, column by column."""

from pathlib import Path
from typing import IO, Any

import pandas as pd

from shared.outputs.csv import unguarded
from shared.outputs.table import Kind, all_columns

_TYPES: dict[Kind, str] = {
    "whole": "Int64",  # with missing ones, too
    "real": "float64",
    "yes_no": "boolean",
    "text": "str",
    "utc": "datetime64[ms, UTC]",
    "label": "str",
    "model": "str",
    "digest": "str",
}
_GUARDED: tuple[Kind, ...] = ("text", "label", "model")


def from_csv(file: "Path | IO[bytes]") -> pd.DataFrame:
    """The table, with texts as they came: without the apostrophe that guards a
    spreadsheet. Columns of a later version are kept as pandas guesses them."""
    columns = all_columns()
    read: dict[str, Any] = {
        name: _TYPES[column.kind]
        for name, column in columns.items()
        if column.kind != "utc"
    }
    table = pd.read_csv(
        file,
        dtype=read,
        true_values=["true"],
        false_values=["false"],
        na_values=[""],
        keep_default_na=False,
    )
    for name, column in columns.items():
        if name in table and column.kind in _GUARDED:
            table[name] = table[name].map(unguarded, na_action="ignore")
    return _typed(table)


def from_parquet(path: Path) -> pd.DataFrame:
    """The same. Raises ImportError without pyarrow."""
    return _typed(pd.read_parquet(path))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    columns = all_columns()
    if "started_at" in table:
        table["started_at"] = pd.to_datetime(table["started_at"], utc=True)
    kinds = {name: columns[name].kind for name in table if name in columns}
    return table.astype({name: _TYPES[kind] for name, kind in kinds.items()})
