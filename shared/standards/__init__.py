"""What is fixed outside of this project: parts of HTTP, forms of keys, lengths of time,
markup.

May import: nothing.
"""
