"""A benchmark held to another one: `--against main --fail-if "ttft > +10%"`.

`changes` reads such a gate, `held_to` asks for the comparison, `held` judges by it.

May import: `shared`, `cli.client`, `cli.report`, `cli.show`.
"""

from cli.report.against.changes import ChangeGate, is_change, parse_change
from cli.report.against.held import held
from cli.report.against.held_to import HeldTo, held_to

__all__ = ["ChangeGate", "HeldTo", "held", "held_to", "is_change", "parse_change"]
