"""A column of pieces is what its pieces are, end to end."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.analysis.arrays.growing import Growing, is_one

value = st.sampled_from((0.0, -0.0, 1.5, float("nan")))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.lists(value, max_size=4), max_size=5))
def test_any_pieces_are_the_same_bits_as_when_they_are_joined(
    pieces: list[list[float]],
) -> None:
    column = Growing(np.float64)
    for piece in pieces:
        column.add(np.array(piece, np.float64))
    whole = np.concatenate([np.empty(0), *(np.array(piece) for piece in pieces)])
    assert column.array().tobytes() == whole.tobytes()


def test_one_value_throughout_is_held_once() -> None:
    column = Growing(np.float64)
    for _ in range(3):
        column.add(np.full(1000, np.nan))
    assert is_one(column.array())
    assert len(column.array()) == 3000
    column.add(np.array([1.0]))
    assert not is_one(column.array())
    assert column.array()[-1] == 1.0


def test_a_column_has_the_widest_type_that_came() -> None:
    column = Growing(np.uint16)
    column.add(np.array([1, 2], np.uint16))
    column.add(np.array([70_000], np.uint32))
    column.add(np.array([3], np.uint16))
    assert column.array().tolist() == [1, 2, 70_000, 3]
    one = Growing(np.uint16)
    one.add(np.array([7], np.uint16))
    one.add(np.array([7], np.uint32))
    assert one.array().tolist() == [7, 7]
