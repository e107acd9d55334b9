"""Rows are decoded as JSON has them, whatever their texts look like."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from shared.analysis.arrays.decode import decoded
from shared.sample import Outcome, Sample, encode

text = st.none() | st.lists(
    st.sampled_from(
        (",[[", "]],", '"', "\\", "1,2", "[[7,1]]", ",[[7,1]],", "null", "")
    )
).map("".join)
gaps = st.lists(
    st.tuples(st.integers(0, 65_535), st.integers(1, 10**6)), max_size=3
).map(tuple)

ROW = Sample(step=0, slot=0, target=0, prompt=0, outcome=Outcome.OK)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(st.tuples(text, text, text, gaps), max_size=4))
def test_texts_that_look_like_gaps_are_texts(
    drawn: list[tuple[str | None, str | None, str | None, tuple[tuple[int, int], ...]]],
) -> None:
    rows = [
        encode(replace(ROW, error=error, upstream=upstream, notes=notes, gaps=gaps))
        for error, upstream, notes, gaps in drawn
    ]
    for lists, histograms in decoded(rows):
        at, pairs = 0, [*zip(histograms.buckets, histograms.counts, strict=True)]
        for n, row in enumerate(map(from_json, rows)):
            known = [value for value in row[1:] if not isinstance(value, list)]
            assert [column[n] for column in lists] == known
            length = histograms.lengths[n]
            assert pairs[at : at + length] == [tuple(pair) for pair in drawn[n][3]]
            at += length
