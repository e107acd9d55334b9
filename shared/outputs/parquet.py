"""samples.parquet: the columns and nulls of samples.csv, with types, in pieces.

Integers, numbers, truths and moments (UTC, milliseconds) are what they are; texts are
as they came, without the apostrophe that guards a spreadsheet. Only where pyarrow is
installed (the extra `parquet`).
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from io import RawIOBase
from typing import TYPE_CHECKING, Any

from shared.outputs.table import Kind, all_columns, milliseconds
from shared.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from shared.analysis.columns import Columns

Take = Callable[["pd.Series[Any]"], Any]

CHUNK = 50_000
"""Rows of a group, which is what is held at once: some 40 MB."""


def is_installed() -> bool:
    """Whether a file can be written here."""
    return find_spec("pyarrow") is not None


def write_parquet(plan: Plan, rows: "Columns | None") -> Iterator[bytes]:
    """The file, piece by piece. rows: None where there is none."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    columns, kinds = all_columns(), _kinds(plan)
    fields = [pa.field(name, kinds[column.kind][0]) for name, column in columns.items()]
    schema = pa.schema(fields)
    pieces = _Pieces()
    with ParquetWriter(pieces, schema, compression="zstd") as writer:
        for part in () if rows is None else _parts(rows.table):
            cells = [
                kinds[column.kind][1](part[column.of]) for column in columns.values()
            ]
            arrays = [
                cell.cast(field.type) for cell, field in zip(cells, schema, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            yield pieces.take()
    yield pieces.take()


def _parts(table: "pd.DataFrame") -> "Iterator[pd.DataFrame]":
    for begin in range(0, len(table), CHUNK):
        yield table.iloc[begin : begin + CHUNK]


def _kinds(plan: Plan) -> "dict[Kind, tuple[pa.DataType, Take]]":
    """The type of each kind of cell, and how it is taken from a column of the rows,
    whole: a missing value is NaN there, or the code -1, and null here."""
    import pyarrow as pa

    def numbers(values: "pd.Series[Any]") -> Any:
        return pa.array(values.to_numpy(), from_pandas=True)

    def texts(values: "pd.Series[Any]") -> Any:
        seen = values.cat.remove_unused_categories().cat
        codes = seen.codes.to_numpy()
        places = pa.array(codes, pa.int32(), mask=codes < 0)
        # an empty text is an empty cell of the CSV, which is null
        known = pa.array([said or None for said in seen.categories], text)
        return pa.DictionaryArray.from_arrays(places, known)

    def named(texts: list[str]) -> Take:
        return lambda values: pa.array([texts[at] for at in values.tolist()], text)

    def digests(values: "pd.Series[Any]") -> Any:
        return pa.array([*map(digest, values.tolist())], text)

    digest = cache(lambda index: plan.prompts.prompt(index).sha256())
    text = pa.string()
    return {
        "whole": (pa.int64(), numbers),
        "real": (pa.float64(), numbers),
        "yes_no": (pa.bool_(), numbers),
        "text": (text, texts),
        "utc": (
            pa.timestamp("ms", tz="UTC"),
            lambda values: numbers(milliseconds(values)).cast(pa.int64()),
        ),
        "label": (text, named([target.label() for target in plan.targets])),
        "model": (text, named([target.model for target in plan.targets])),
        "digest": (text, digests),
    }


class _Pieces(RawIOBase):
    """What was written to it since it was last taken."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def tell(self) -> int:
        return self._taken + len(self._held)

    def take(self) -> bytes:
        """It, and no more of it is kept."""
        piece, self._held = bytes(self._held), bytearray()
        self._taken += len(piece)
        return piece
