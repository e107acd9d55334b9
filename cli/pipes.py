"""Output whose reader has gone, such as `llmbench list | head -1`.

A command that is read no longer goes on, with the exit code that it has by itself: what
it does is no less done.
"""

import io
import os
import sys
from typing import Any, TextIO


class _Pipe(io.FileIO):
    """Standard output or error, which leads nowhere once nobody reads it."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)


def outlive_readers() -> None:
    """Let this process go on without whoever reads what it says."""
    sys.stdout, sys.stderr = _outliving(sys.stdout), _outliving(sys.stderr)


def _outliving(stream: TextIO) -> TextIO:
    """The same stream. One that was closed from the start (None) stays so."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    pipe = _Pipe(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(pipe),
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
