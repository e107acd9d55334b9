"""The whole stack on one machine: its processes, started, watched and stopped.

`child` is one process, `stack` all of them, `running` a stack for as long as some work
takes.

May import: `shared`.
"""

from cli.stack.running import run
from cli.stack.stack import ROOT, Options, Stack

__all__ = ["ROOT", "Options", "Stack", "run"]
