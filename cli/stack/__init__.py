"""The whole stack on one machine: its processes, started, watched and stopped.

`child` is one process, `stack` all of them, `running` a stack for as long as some work
takes, `once` one for a single job and `idle` whether that one would be alone,
`cores` how many workers it has, `address` how others find it, `chosen` which of these
does a job.
`address` how others find it, `chosen` which of these does a job; `direct` writes tokens
into its store.

May import: `shared`.
"""

from cli.stack.address import DATA_DIR, FoundStack, NoStack, find, left, must_find
from cli.stack.chosen import ChosenStack, WantedStack, chosen
from cli.stack.cores import cores, workers_for
from cli.stack.direct import keep, known, own_store, revoke
from cli.stack.once import simulated, started
from cli.stack.running import run
from cli.stack.stack import ROOT, Stack, StackOptions

__all__ = [
    "DATA_DIR",
    "ROOT",
    "ChosenStack",
    "FoundStack",
    "NoStack",
    "Stack",
    "StackOptions",
    "WantedStack",
    "chosen",
    "cores",
    "find",
    "keep",
    "known",
    "left",
    "must_find",
    "own_store",
    "revoke",
    "run",
    "simulated",
    "started",
    "workers_for",
]
