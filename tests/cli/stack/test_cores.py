"""How many workers there are where nobody says."""

import os

import pytest

from cli.stack.cores import cores, cores_of_quota, workers_for


@pytest.mark.parametrize(
    ("usable", "workers"), [(1, 1), (2, 2), (3, 3), (4, 3), (8, 7), (9, 8), (64, 8)]
)
def test_a_worker_a_core_and_one_core_left_of_four(usable: int, workers: int) -> None:
    assert workers_for(usable) == workers


@pytest.mark.parametrize(
    ("said", "whole"),
    [("250000 100000\n", 2), ("50000 100000", 0), ("max 100000", None), ("", None)],
)
def test_a_container_s_share_of_time_is_whole_cores(
    said: str, whole: int | None
) -> None:
    assert cores_of_quota(said) == whole


def test_there_is_a_core_and_no_more_than_the_machine_has() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_a_process_that_may_run_on_one_core_has_one() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
