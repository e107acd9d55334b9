"""The mark that a server has tokens: a file in RESULTS_DIR.

Without it a store that was emptied, or is away, could not be told from one in which no
token was ever made, and the server would be open to everybody.
"""

from pathlib import Path

MARK = ".tokens"

_WORDS = """\
Tokens have been made for the server that uses this folder, so it is open to nobody
without one. Delete this file, and revoke every token, to open it again.
"""


def is_closed(results_dir: Path) -> bool:
    """Whether the mark is there. A folder that cannot be looked into has none."""
    try:
        return (results_dir / MARK).exists()
    except OSError:
        return False


def mark_closed(results_dir: Path) -> None:
    """Make the mark; raises OSError."""
    if not is_closed(results_dir):
        results_dir.mkdir(parents=True, exist_ok=True)
        (results_dir / MARK).write_text(_WORDS)
