"""Whose turn it is where a run is to be measured alone."""

from typing import Any

from shared.run import Run, Status
from worker.alone import first_alone, turn_of


def a_run(job_id: str, at: float, status: Status = Status.QUEUED, **more: Any) -> Run:
    fixed: dict[str, Any] = {"submitter": "a", "targets": (), "exclusive": True}
    return Run(job_id=job_id, status=status, created_at=at, **(fixed | more))


def test_the_oldest_exclusive_run_that_waits_is_first() -> None:
    found = [a_run("c", 3), a_run("b", 2), a_run("a", 1, exclusive=False)]
    assert first_alone(found, ()) == (2, True, "b")
    assert first_alone([a_run("z", 1), a_run("y", 1)], ()) == (1, True, "y")
    assert first_alone([a_run("a", 1, exclusive=False)], ()) is None


def test_of_one_millisecond_an_exclusive_run_keeps_nobody_waiting() -> None:
    others = [a_run("z", 1, exclusive=False), a_run("b", 2, exclusive=False)]
    first = first_alone([a_run("a", 1), *others], ())
    assert first is not None
    assert [first < turn_of(run) for run in others] == [False, True]


def test_one_that_runs_rests_or_waits_for_a_limit_keeps_nobody_waiting() -> None:
    for status in (Status.RUNNING, Status.PAUSED, Status.REDUCING):
        assert first_alone([a_run("a", 1, status)], ()) is None
    later = a_run("a", 1, Status.WAITING, until=4_102_444_800.0)  # the year 2100
    assert first_alone([later], ()) is None
    opened = a_run("b", 1, Status.WAITING, until=1.0)
    assert first_alone([later, opened], ()) == turn_of(opened)


def test_one_that_nobody_can_work_on_keeps_nobody_waiting() -> None:
    assert first_alone([a_run("a", 1), a_run("b", 2)], {"a"}) == (2, True, "b")
