"""What the terminal asks for: a plan, from a file and from flags.

    document (a file, with its lines) ──> flags (which win) ──> build (a Plan)

`options` are the flags as the command line has them, `written` is a plan as YAML or
as a JSON Schema.

May import: `shared`.
"""

from cli.plan.build import DescribedPlan, build
from cli.plan.document import PLANS, Document, of_prompts, parse, read
from cli.plan.flags import Flags
from cli.plan.written import as_schema, as_yaml

__all__ = [
    "PLANS",
    "DescribedPlan",
    "Document",
    "Flags",
    "as_schema",
    "as_yaml",
    "build",
    "of_prompts",
    "parse",
    "read",
]
