"""The results of a benchmark as pandas DataFrames: `llmbench.load(JOB)`.

For notebooks and scripts, from a checkout, an installation or the image. It reads the
results folder (`RESULTS_DIR`), a folder or a table of it, or a server by its URL; it
asks no store and starts nothing (docs/data.md).

May import: `shared`.
"""

from llmbench.load import Frames, load

__all__ = ["Frames", "load"]
