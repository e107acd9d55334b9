"""`python -m api.comparing`: a question on stdin, its answer on stdout, both JSON.

The answer is a `Comparison`, or `kind` and `detail` of the problem.
"""

import os
import signal
import sys
from pathlib import Path

from pydantic_core import from_json, to_json

from api.comparing.work import comparison_of
from api.errors import of_error
from shared.errors import BenchError


def main() -> None:
    """Answer one question."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the API
    os.nice(5)  # who measures on this machine, and who serves, goes first
    asked = from_json(sys.stdin.buffer.read())
    try:
        folder = Path(asked.pop("folder"))
        answer = comparison_of(folder, asked.pop("jobs"), **asked)
        said = answer.model_dump_json().encode()
    except BenchError as error:
        problem = of_error(error)
        said = to_json({"kind": problem.kind, "detail": problem.detail})
    sys.stdout.buffer.write(said)


if __name__ == "__main__":
    main()
