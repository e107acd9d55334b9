"""Runs that have a name, to which others are held.

`known` finds them in the store and in RESULTS_DIR, `against` refuses a plan that could
not be compared with a run before it costs anything. Their routes stand beside that of
the comparison.

May import: `shared`, `api.deps`, `api.errors`, `api.parts`.
"""
