"""How every process begins: what it needs is looked at, and what is wrong is said.

May import: the machinery, `wire`, `store`.
"""

__all__ = []
