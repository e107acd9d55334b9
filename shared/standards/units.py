"""Lengths of time that several rooms count by."""

DAY_S = 86_400
"""Of UTC, which has no summer time."""
