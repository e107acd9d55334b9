"""Whom to choose, from the words on every two: rankings by metric, and the front.

`front` needs the records alone and is cheap; `ranking` imports numpy.

May import: its own package, `shared.comparison`.
"""
