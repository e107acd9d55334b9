"""The checks at the start of every process, each of which says what is wrong.

May import: the machinery, `access`, `wire`, `store`.
"""

__all__ = []
