"""`python -m api.comparing`: a question on stdin, its answer on stdout, both JSON.

The answer is a `Comparison` or `Resummarized`, or `kind` and `detail` of the problem.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from api.comparing.work import comparison_of
from api.errors import of_error
from shared.errors import BenchError
from shared.outputs.resummarize import resummarize


def main() -> None:
    """Answer one question."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the API
    os.nice(5)  # who measures on this machine, and who serves, goes first
    asked = from_json(sys.stdin.buffer.read())
    try:
        said = _answer(asked).model_dump_json().encode()
    except BenchError as error:
        problem = of_error(error)
        said = to_json({"kind": problem.kind, "detail": problem.detail})
    sys.stdout.buffer.write(said)


def _answer(asked: dict[str, Any]) -> BaseModel:
    folder = Path(asked.pop("folder"))
    if "resummarize" in asked:
        return resummarize(folder, asked["resummarize"])
    return comparison_of(folder, asked.pop("jobs"), **asked)


if __name__ == "__main__":
    main()
