"""The exit codes of `llmbench`, named; docs/ci.md lists them.

Whoever scripts the terminal decides by them, so none changes its meaning.
"""

OK = 0
"""It was done, and every gate holds."""

MISSED = 1
"""A missed SLO or `--fail-if`, an invalid verdict, or no success at all."""

USAGE = 2
"""The command, the plan, the key or a setting is wrong: a person has to change it."""

UNREACHABLE = 3
"""The API or the upstream cannot be reached, or does not do what it should."""

CANCELLED = 4
"""The benchmark was cancelled; what was measured is kept."""

INTERRUPTED = 130
"""Ctrl-C ended the command (128 + SIGINT, as shells count); a benchmark goes on."""
