"""`python -m api.page_data`: a question on stdin, its answer on stdout, both JSON.

The answer is a `PageData`, or `kind` and `detail` of the problem. Of a whole run it is
also kept beside the run's files, with the index of its calls.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from pydantic_core import from_json, to_json

from api.errors import of_error
from api.page_data.index import write_index
from api.page_data.kept import FILE, stamps
from api.page_data.make import page_data
from shared.errors import BenchError
from shared.files import publish

log = logging.getLogger("page_data")


def main() -> None:
    """Answer one question."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the API
    os.nice(5)  # who measures on this machine, and who serves, goes first
    asked = from_json(sys.stdin.buffer.read())
    part = tuple(asked["part"]) if asked["part"] else None
    try:
        said = answer(Path(asked["folder"]), asked["job"], part)
    except BenchError as error:
        problem = of_error(error)
        said = to_json({"kind": problem.kind, "detail": problem.detail})
    sys.stdout.buffer.write(said)


def answer(folder: Path, job_id: str, part: tuple[float, float] | None) -> bytes:
    """The page data; of a whole run it is kept, too."""
    made_of = stamps(folder / job_id)
    found = page_data(folder, job_id, part)
    found = found.model_copy(update={"made_of": made_of})
    said = found.model_dump_json().encode()
    if part is None:
        try:
            write_index(folder / job_id, list(found.targets))
            publish(folder / job_id / FILE, [said])
        except OSError as error:  # it is made anew each time
            log.warning("page data of %s cannot be kept (%s)", job_id, error)
    return said


if __name__ == "__main__":
    main()
