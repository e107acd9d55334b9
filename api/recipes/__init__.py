"""Ready plans, as the terminal has them, for pages and programs: `route`.

May import: `shared`, `api.errors`.
"""
