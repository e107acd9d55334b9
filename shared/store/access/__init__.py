"""What the store has of access: tokens, and the key that signs sessions and links.

Redis has no file of its own for this: who can write to the store could make tokens
anyway, so it is kept as close as they are (docs/access.md).
"""
