"""How often a comparison is wrong, on runs whose truth is known: `make stats`.

`worlds` draws runs of two targets, `truths` knows what is true of each, and the other
files ask the product's own code and count. `docs/statistics.md` has the tables.
"""
