"""Whose turn it is: of submitters, and where a run is to be measured alone."""

from typing import Any

from shared.run import Run, Status
from worker.turns import age_of, fair, first_exclusive


def a_run(job_id: str, at: float, status: Status = Status.QUEUED, **more: Any) -> Run:
    fixed: dict[str, Any] = {"submitter": "a", "targets": (), "exclusive": True}
    return Run(job_id=job_id, status=status, created_at=at, **(fixed | more))


def of(submitter: str, job_id: str, at: float, status: Status = Status.QUEUED) -> Run:
    return a_run(job_id, at, status, submitter=submitter, exclusive=False)


def test_one_submitters_backlog_does_not_starve_another() -> None:
    backlog = [of("a", f"a{i}", i) for i in range(100)]
    backlog[0] = of("a", "a0", 0, Status.RUNNING)
    late = of("b", "b0", 1000)
    order = [run.job_id for run in fair([*backlog, late])]
    # what runs keeps its workers; then who has the fewest running comes first
    assert order[:3] == ["a0", "b0", "a1"]


def test_paused_and_ended_runs_are_not_claimed() -> None:
    found = [
        of("a", "p", 1, Status.PAUSED),
        of("a", "r", 2, Status.REDUCING),
        of("a", "w", 3, Status.WAITING),
    ]
    assert [run.job_id for run in fair(found)] == ["w"]


def test_the_oldest_exclusive_run_that_waits_is_first() -> None:
    found = [a_run("c", 3), a_run("b", 2), a_run("a", 1, exclusive=False)]
    assert first_exclusive(found, ()) == (2, True, "b")
    assert first_exclusive([a_run("z", 1), a_run("y", 1)], ()) == (1, True, "y")
    assert first_exclusive([a_run("a", 1, exclusive=False)], ()) is None


def test_of_one_millisecond_an_exclusive_run_keeps_nobody_waiting() -> None:
    others = [a_run("z", 1, exclusive=False), a_run("b", 2, exclusive=False)]
    first = first_exclusive([a_run("a", 1), *others], ())
    assert first is not None
    assert [first < age_of(run) for run in others] == [False, True]


def test_one_that_runs_rests_or_waits_for_a_limit_keeps_nobody_waiting() -> None:
    for status in (Status.RUNNING, Status.PAUSED, Status.REDUCING):
        assert first_exclusive([a_run("a", 1, status)], ()) is None
    later = a_run("a", 1, Status.WAITING, until=4_102_444_800.0)  # the year 2100
    assert first_exclusive([later], ()) is None
    opened = a_run("b", 1, Status.WAITING, until=1.0)
    assert first_exclusive([later, opened], ()) == age_of(opened)


def test_one_that_nobody_can_work_on_keeps_nobody_waiting() -> None:
    assert first_exclusive([a_run("a", 1), a_run("b", 2)], {"a"}) == (2, True, "b")
