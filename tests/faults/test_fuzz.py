"""Random byte streams: row 14 of the list of faults."""

from tests.faults.fuzz import KINDS, fuzz


def test_no_random_stream_crashes_the_reading_or_is_taken_for_another() -> None:
    found = fuzz(seed=1, streams=1500)
    assert (found.tried, found.crashed, found.misclassified) == (1500, 0, 0), found
    assert found.judged > 0.9 * found.tried
    assert len(found.kinds) == len(KINDS)
