"""What a killed stack of one job has left is deleted by the next one."""

import os
import time
from pathlib import Path

from cli.stack.address import LOCK
from cli.stack.once import sweep
from shared.process import lock_file


def left(folder: Path, name: str, old_s: float) -> Path:
    """A folder as a stack leaves it, made so long ago."""
    made = folder / name
    made.mkdir()
    (made / LOCK).write_text("")
    (made / "appendonly.aof").write_text("x")
    at_s = time.time() - old_s
    os.utime(made, (at_s, at_s))
    return made


def test_only_what_a_killed_stack_has_left_is_deleted(tmp_path: Path) -> None:
    killed = left(tmp_path, "llmbench-simulated-a", 100)
    alive = left(tmp_path, "llmbench-simulated-b", 100)
    young = left(tmp_path, "llmbench-simulated-c", 1)
    other = left(tmp_path, "somebody-else", 100)
    link = tmp_path / "llmbench-simulated-d"
    link.symlink_to(other)
    os.utime(link, (1.0, 1.0), follow_symlinks=False)
    held = lock_file(alive / LOCK, "me")
    assert held is not None
    sweep(tmp_path)
    os.close(held)
    assert not killed.exists()
    assert all(each.exists() for each in (alive, young, other, link))
