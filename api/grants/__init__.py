"""Tokens are made, listed and revoked; a benchmark is shared for reading by a link.

May import: `shared`, `api.access`, `api.deps`, `api.errors`, `api.replies`,
`api.tokens`.
"""
