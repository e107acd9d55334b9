"""The order in which a block of questions is asked: seeded permutations, by index.

`permuted` gives one place of it without making the others, since it is asked on the
measuring loop, 25,000 times a second, also where a block has a million pairs. The
random numbers are SHAKE-128 of the seed, so that the order is the same on every
machine and Python, which `random.shuffle` does not promise.
"""

from functools import lru_cache
from hashlib import shake_128
from math import isqrt
from struct import unpack

SMALL = 256
"""Up to this size a block is shuffled whole (40 us); beyond it, place by place."""

ROUNDS = 6
"""Of the Feistel network. Four make it a pseudo-random permutation where the halves
are large (Luby & Rackoff 1988); two more cost 0.1 us and help the small ones."""


def shuffled_pairs(
    seed: int, step: int, block: int, prompts: int, targets: int, place: int
) -> tuple[int, int]:
    """(prompt, target) at `place` of a block in which all pairs are permuted."""
    return divmod(permuted(seed, step, block, prompts * targets, place), targets)


def adjacent_targets(
    seed: int, step: int, block: int, prompts: int, targets: int, place: int
) -> tuple[int, int]:
    """(prompt, target) at `place` of a block in which the prompts are permuted, and for
    each of them all targets, which so are asked back to back."""
    row, turn = divmod(place, targets)
    prompt = permuted(seed, step, block, prompts, row)
    return prompt, permuted(seed, step, block, targets, turn, row)


def permuted(
    seed: int, step: int, block: int, size: int, place: int, row: int | None = None
) -> int:
    """The item at `place` of one permutation of 0 .. size-1.

    row: of the block, where each of its rows has a permutation of its own.

    A pure function: the same numbers give the same item, and the places of one block,
    or row, give each item once. Time and memory: O(1) per call; O(sqrt(size)) once per
    block (0.7 ms at a million), kept for the blocks in use.

    Raises ValueError unless 0 <= place < size.
    """
    if not 0 <= place < size:
        raise ValueError(f"place {place} is outside a block of {size}")
    if size == 1:
        return 0
    if size <= SMALL:
        return _shuffled(seed, step, block, size, row)[place]
    columns, rows, rounds = _network(seed, step, block, size, row)
    # The network permutes a rectangle that is at most one row larger than the block.
    # An item outside the block is walked on; it comes back inside (cycle walking).
    while True:
        high, low = divmod(place, columns)
        for of_high, of_low in rounds:
            high = (high + of_low[low]) % rows
            low = (low + of_high[high]) % columns
        place = high * columns + low
        if place < size:
            return place


@lru_cache(maxsize=64)
def _shuffled(
    seed: int, step: int, block: int, size: int, row: int | None
) -> tuple[int, ...]:
    """Sorted by random keys: every order is equally likely."""
    keys = _draws(seed, step, block, row, size)
    return tuple(sorted(range(size), key=keys.__getitem__))


@lru_cache(maxsize=64)
def _network(
    seed: int, step: int, block: int, size: int, row: int | None
) -> tuple[int, int, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]]:
    """Columns, rows and, for each two rounds, their functions as random tables."""
    columns = isqrt(size - 1) + 1
    rows = -(-size // columns)
    draws = iter(_draws(seed, step, block, row, ROUNDS // 2 * (rows + columns)))
    rounds = tuple(
        (
            tuple(next(draws) % columns for _ in range(rows)),
            tuple(next(draws) % rows for _ in range(columns)),
        )
        for _ in range(ROUNDS // 2)
    )
    return columns, rows, rounds


def _draws(
    seed: int, step: int, block: int, row: int | None, n: int
) -> tuple[int, ...]:
    """`n` random numbers below 2**32."""
    key = f"order:{seed}:{step}:{block}" + ("" if row is None else f":{row}")
    return unpack(f"<{n}I", shake_128(key.encode()).digest(4 * n))
