"""Encoded rows to values: the hot part of a reduce."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from itertools import islice
from typing import Any

import numpy as np
from pydantic_core import from_json

from shared.analysis.distributions import Counts, Gaps
from shared.errors import NewerRecord
from shared.sample import SCHEMA, Sample, encode

CHUNK = 1_000
"""Rows decoded at a time: more of them alive at once cost the collector more."""

# As `sample.encode` writes a row: the schema number, then the fields in order.
_GAPS_AT = 1 + [field.name for field in fields(Sample)].index("gaps")
_DEFAULTS = [SCHEMA] + [
    None if field.default is MISSING else field.default for field in fields(Sample)
]


def decoded(
    rows: Iterable[bytes | Sample],
) -> Iterator[tuple[list[tuple[Any, ...]], Gaps]]:
    """Chunks of rows: the values of each field but `gaps`, and the gaps."""
    each = iter(rows)
    while chunk := tuple(islice(each, CHUNK)):
        values, pairs, lengths = [], [], array("q")
        for row in chunk:
            record, gaps = _record(encode(row) if isinstance(row, Sample) else row)
            if record[0] > SCHEMA:
                raise NewerRecord("row", record[0], SCHEMA)
            if len(record) != len(_DEFAULTS):  # of an earlier build, or a later one
                record = [*record, *_DEFAULTS[len(record) :]][: len(_DEFAULTS)]
            values.append(record)
            lengths.append(gaps.count(b",") // 2 + 1 if gaps else 0)
            if gaps:
                pairs.append(gaps)
        flat = np.fromstring(b",".join(pairs), dtype=np.int64, sep=",")
        small = flat.max(initial=0) <= np.iinfo(np.uint16).max
        counts: Counts = flat[1::2].astype(np.uint16 if small else np.uint32)
        histograms = Gaps(np.array(lengths), flat[::2].astype(np.uint16), counts)
        columns = list(zip(*values, strict=True))
        yield columns[1:_GAPS_AT] + columns[_GAPS_AT + 1 :], histograms


def _record(row: bytes) -> tuple[list[Any], bytes]:
    """The values of a row, and its gaps as numbers with commas between: read with those
    of other rows at once, since small lists by the million are what takes the time.

    Gaps are the one list in a row. A text may look like them: what is cut out has no
    quotation mark, so it is either them or a part of one text, and then the value in
    their place is not the null that was put there.
    """
    begin = row.find(b",[[")
    end = row.find(b"]],", begin)
    pairs = row[begin + 1 : end]
    if begin >= 0 and end >= 0 and b'"' not in pairs:
        record = from_json(b"%b,null%b" % (row[:begin], row[end + 2 :]))
        if len(record) > _GAPS_AT and record[_GAPS_AT] is None:
            return record, pairs.translate(None, b"[]")
    record = from_json(row)
    gaps, record[_GAPS_AT] = record[_GAPS_AT], None
    return record, b",".join([b"%d,%d" % (bucket, n) for bucket, n in gaps])
