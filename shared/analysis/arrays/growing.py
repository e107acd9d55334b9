"""A column that grows piece by piece.

Half of a run's columns have one value in all rows: nothing was retried, no connection
was opened, no stamp was late. Of those one value is kept.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Growing:
    """Numbers of one type, end to end."""

    __slots__ = ("_dtype", "_length", "_many", "_one")

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = np.dtype(dtype)
        self._length = 0
        self._one = np.empty(0, self._dtype)
        """The value, shape (1,), as long as there is no other."""
        self._many: bytearray | None = None
        """All of them, once there are two. It grows in place; lists of small arrays
        would never be given back."""

    def add(self, values: NDArray[Any]) -> None:
        """values: shape (n,), of the column's type, or of a wider or narrower one: the
        column has the widest that came."""
        if values.dtype.itemsize > self._dtype.itemsize:
            self._widen(values.dtype)
        elif values.dtype != self._dtype:
            values = values.astype(self._dtype)
        if self._many is None:
            if not self._length:
                self._one = values[:1].copy()
            if _are_all(values, self._one):
                self._length += len(values)
                return
            self._many = bytearray(np.repeat(self._one, self._length).data)
        self._many += np.ascontiguousarray(values).data

    def _widen(self, dtype: np.dtype[Any]) -> None:
        if self._many is not None:
            self._many = bytearray(self.array().astype(dtype).data)
        self._one, self._dtype = self._one.astype(dtype), dtype

    def array(self) -> NDArray[Any]:
        """All values, shape (n,); read-only where they are one (`is_one`). Not to be
        added to any more."""
        if self._many is not None:
            return np.frombuffer(self._many, self._dtype)
        return np.broadcast_to(self._one, self._length)


def is_one(values: NDArray[Any]) -> bool:
    """Whether the array is one value, held once, that stands in all places."""
    return values.strides == (0,)


def _are_all(values: NDArray[Any], one: NDArray[Any]) -> bool:
    """Bit for bit, so that NaN is NaN and 0.0 is not -0.0."""
    bits = np.dtype(f"u{values.dtype.itemsize}")
    return bool((values.view(bits) == one.view(bits)).all())
