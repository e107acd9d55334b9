"""Rows on their way into arrays: decoded by the thousand, in columns that grow.

May import: the machinery, and what a row is.
"""
