"""The folder of rows that wait for the store, and what others have put beside them."""

from pathlib import Path

from shared.loads import Concurrency
from shared.plan import Plan, Target, next_step
from shared.prompts import InlinePrompts
from shared.store.slots import Entry, Lease
from worker.spool import Spool, left_behind

PLAN = Plan(
    targets=(Target(model="a/b"),),
    prompts=InlinePrompts(prompts=("x",)),
    runs=1,
    load=Concurrency(concurrency=1),
)


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("photos", "2026", "year-2026-beef", "lost"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    (tmp_path / "photos" / "lock").touch()
    with left_behind(tmp_path) as files:
        assert files == []
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("kept")}
    assert kept == {"photos/kept", "2026/kept", "year-2026-beef/kept", "lost/kept"}


def test_rows_of_a_dead_process_are_found_and_its_folder_goes(tmp_path: Path) -> None:
    step = next_step(PLAN, [])
    assert step is not None
    lease = Lease("01JZ8M5T7Q4W9E2R6Y8V0B3N5C", step, 0, 1, 1, 0, 0, 0, 0)
    spool = Spool(tmp_path, "host.example:123:0a1f")
    spool.keep(lease, [Entry(0, 0, "final", 0, b"row", b"")])
    with left_behind(tmp_path) as files:
        assert files == [], "its process lives"
    spool.close()
    with left_behind(tmp_path) as files:
        (left,) = files
        assert [entry.row for entry in left.entries] == [b"row"]
        left.file.unlink()
    assert list(tmp_path.iterdir()) == []
