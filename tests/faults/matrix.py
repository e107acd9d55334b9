"""The list of faults, row by row, and the tests that make each happen.

A row counts when all its tests exist and have passed; each of them fails when its
fault did not happen. One of each row at least is not `long`, and so in `make test`.
"""

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.figure import Figure

ROOT = Path(__file__).parents[2]

_STORM = "test_kills::test_a_small_storm_loses_nothing_and_counts_nothing_twice"
_ENDLESS = "test_strangers::test_endless_answers_end_at_a_cap_and_take_no_memory"
_ACCOUNT = (
    "test_strangers::test_an_in_flight_budget_is_waited_for_and_no_credit_ends_the_run"
)

ROWS: dict[int, tuple[str, ...]] = {
    1: (
        "test_kills::test_a_killed_worker_is_followed_by_another_within_the_lease",
        "test_kills::test_workers_that_die_together_are_no_poison",
        _STORM,
    ),
    2: (
        "test_drain::test_rolling_restarts_fail_no_job_and_lose_no_call",
        "test_drain::test_a_drain_waits_for_streams_of_more_than_a_second",
        "test_drain::test_a_second_sigterm_changes_nothing",
        "test_drain::test_calls_that_outlast_the_drain_are_rows_and_are_asked_again",
    ),
    3: (_STORM,),
    4: (
        "test_kills::"
        "test_a_reduce_that_dies_anywhere_is_made_again_with_the_same_bytes",
        _STORM,
    ),
    5: ("test_store::test_a_store_that_is_killed_and_comes_back_costs_no_row", _STORM),
    6: (
        "test_store::"
        "test_a_store_that_forgot_everything_is_said_and_nothing_is_called_done",
    ),
    7: (
        "test_store::"
        "test_a_store_that_hangs_starts_no_call_after_the_lease_and_loses_none",
        "test_store::test_a_store_out_of_reach_loses_no_row",
    ),
    8: (
        "test_store::test_a_full_store_refuses_loses_nothing_and_recovers",
        "test_store::test_a_store_that_cannot_write_its_snapshot_is_away_and_no_bug",
        "test_store::test_a_store_that_is_busy_with_a_script_is_away_and_no_bug",
    ),
    9: (
        "test_disk::test_no_file_is_cut_short_and_the_run_goes_on_when_there_is_room",
        "test_disk::test_why_a_run_has_failed_is_not_lost_over_a_full_disk",
    ),
    10: (
        "test_strangers::test_a_providers_429_is_a_row_whatever_its_retry_after_says",
        "test_disturbed_runs::"
        "test_an_accounts_own_limit_is_waited_for_and_its_rows_are_not_final",
    ),
    11: (_ACCOUNT,),
    12: (
        "test_strangers::test_silence_and_drops_end_at_their_limit_and_leak_no_socket",
    ),
    13: ("test_strangers::test_a_stream_that_ends_after_any_byte_is_never_called_ok",),
    14: (
        "test_strangers::test_garbage_is_a_row_and_never_the_end_of_a_worker",
        "test_fuzz::test_no_random_stream_crashes_the_reading_or_is_taken_for_another",
    ),
    15: (_ENDLESS,),
    16: (_ENDLESS,),
    17: ("test_strangers::test_errors_under_a_status_200_are_told_from_answers",),
    18: (
        "test_clocks::test_an_hour_off_the_label_of_a_row_is_off_and_nothing_else",
        "test_clocks::test_a_lease_lasts_as_long_whatever_the_clocks_say",
        "test_clocks::test_a_clock_that_jumps_spoils_no_duration_and_loses_no_lease",
    ),
    19: ("test_asking::test_readers_that_are_stuck_cost_no_memory_and_hinder_no_run",),
    20: ("test_asking::test_a_reader_that_is_cut_off_again_and_again_misses_no_state",),
    21: ("test_asking::test_fifty_equal_posts_at_once_make_one_job",),
    22: ("test_fleet::test_a_cancel_reaches_every_worker_and_no_row_comes_after_it",),
    23: (
        "test_fleet::"
        "test_a_worker_that_sleeps_past_its_lease_starts_nothing_and_is_noticed",
    ),
    24: ("test_fleet::test_poison_ends_as_failed_and_the_others_go_on",),
    25: (
        "test_deploy::test_a_run_that_the_first_version_left_half_done_is_finished",
        "test_deploy::test_a_run_of_a_later_version_is_left_alone_and_the_others_go_on",
    ),
    26: (
        "test_fleet::test_one_job_of_another_does_not_wait_for_thirty_of_one",
        "test_fairness::"
        "test_a_reduce_waits_for_one_of_another_submitter_and_not_for_eighty",
    ),
    27: ("test_arq::test_whatever_arqs_keys_hold_no_worker_ends_and_jobs_run_on",),
    28: (
        "test_bugs::test_a_doorbell_that_breaks_each_time_stops_no_run_and_no_worker",
        "test_bugs::test_a_reduce_that_breaks_each_time_says_so_and_hinders_nobody",
    ),
    29: (
        "test_saturation::"
        "test_calls_without_a_descriptor_are_our_own_fault_and_harm_nothing_else",
        "test_saturation::test_a_worker_without_a_core_to_itself_says_so",
        "test_saturation::test_a_quiet_run_is_valid",
    ),
}
"""Row of the list -> its tests, as `file::name`."""

BESIDE = ("tests/worker/test_disturbed_runs.py",)
"""Files with tests of the list that are not in this folder."""


async def matrix(long: bool) -> list[Figure]:
    """Run the tests of the list, or those that are not `long`, and count its rows."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        which = "" if long else "not long"
        argv = (sys.executable, "-m", "pytest", f"--junitxml={report}", "-m", which)
        subprocess.run([*argv, "tests/faults", *BESIDE], cwd=ROOT)
        passed = outcomes(report.read_bytes())
    good = [row for row, tests in ROWS.items() if fired(tests, passed, all_of=long)]
    bad = sorted(name for name, well in passed.items() if not well)
    for name in bad:
        print(f"  not passed: {name}", flush=True)
    for row in sorted(set(ROWS) - set(good)):
        print(f"  row {row} did not happen, or not as it should", flush=True)
    return [
        Figure(
            5,
            "rows of the list of faults that a test made happen",
            f"{len(good)} of {len(ROWS)}; {len(passed) - len(bad)} of {len(passed)}"
            " tests pass",
            "all",
            len(good) == len(ROWS) and not bad,
        )
    ]


def fired(tests: Sequence[str], passed: Mapping[str, bool], *, all_of: bool) -> bool:
    """Whether those of the tests that ran have passed: all of them, or any."""
    ran = [passed[test] for test in tests if test in passed]
    return all(ran) and len(ran) >= (len(tests) if all_of else 1)


def outcomes(report: bytes) -> dict[str, bool]:
    """`file::name` -> whether all its cases have passed, of a JUnit report."""
    cases: dict[str, list[bool]] = defaultdict(list)
    for case in ElementTree.fromstring(report).iter("testcase"):  # noqa: S314
        file = case.get("classname", "").rpartition(".")[2]
        name = case.get("name", "").partition("[")[0]
        cases[f"{file}::{name}"].append(not len(case))
    return {name: all(well) for name, well in cases.items()}
