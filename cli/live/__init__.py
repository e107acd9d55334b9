"""A benchmark while it runs: frames on a terminal, plain lines elsewhere.

`follow` shows one until its end, or until Ctrl-C and its answer (`interrupts`).
`screens` are where it is shown, `frame` and `lines` what: pure functions of its body.

May import: `shared`, `cli.client`, `cli.report`, `cli.show`.
"""

from cli.live.follow import LeftRunning, follow
from cli.live.frame import frame
from cli.live.lines import plain

__all__ = ["LeftRunning", "follow", "frame", "plain"]
