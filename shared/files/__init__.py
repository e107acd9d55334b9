"""Files of runs on this machine: written whole, or deleted for good.

May import: the machinery.
"""

from shared.files.publish import clear_unfinished, publish
from shared.files.traces import delete, delete_results, set_aside, spooled

__all__ = [
    "clear_unfinished",
    "delete",
    "delete_results",
    "publish",
    "set_aside",
    "spooled",
]
