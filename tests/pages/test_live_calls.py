"""What the live page draws, of rows worked by hand."""

import pytest

from api.pages.live.bands import Bands
from api.pages.live.buckets import FINE, Buckets
from api.pages.live.calls import CallsSoFar
from api.pages.live.failing import FailingGroups
from api.pages.live.marks import MOST_MARKS, MOST_PROVIDERS, Marks
from api.pages.live.slices import Slices
from api.pages.live.so_far import ranked_so_far, said_so_far
from api.parts.newest import Seen

BEGAN_AT = 1000.0


def row(slot: int, at_s: float, took_s: float = 0.5, **more: object) -> Seen:
    """A call that began `at_s` after the run did; its TTFT is a tenth of it."""
    of = Seen(0, 0, 0, "ok", True, None, took_s / 10, took_s, None, None, slot)
    begin = BEGAN_AT + at_s
    return of._replace(started_at=begin, ended_at=begin + took_s)._replace(**more)


def calls_of(*rows: Seen, targets: int = 1, bands: Bands | None = None) -> CallsSoFar:
    made = CallsSoFar(targets, BEGAN_AT, lambda step: step == 9, bands)
    for each in rows:
        made.add(each)
    return made


def test_a_median_is_known_to_a_thousandth() -> None:
    times = Buckets(FINE)
    for value in (0.301, 0.077, 0.0769, 5.0, 0.2):
        times.add(value)
    found = times.at(0.5)
    assert found is not None
    assert abs(found / 0.2 - 1) < 0.001


def test_slices_become_twice_as_long_and_lose_nothing() -> None:
    slices: Slices[Buckets] = Slices(lambda: Buckets(FINE), most=4)
    for at_s in (0.1, 1.2, 3.9, 4.0, 15.0):  # 4 s are 4 slices, 16 s are 4 of 4 s
        slices.at(at_s).add(1.0)
    assert slices.width_s == 4
    assert [(place, one.n) for place, one in slices] == [(0, 3), (1, 1), (3, 1)]
    assert slices.middle_s(3) == 14


def test_pace_counts_ends_and_open_calls() -> None:
    # open from 0 to 1.5, and from 1 to 3; then nothing
    made = calls_of(row(0, 0.0, 1.5), row(1, 1.0, 2.0, outcome="truncated"))
    pace = made.charts(now_s=6.0, length_s=6.0)["pace"]
    assert pace["width_s"] == 1
    assert pace["ended"] == [0, 1, 0, 1, 0, 0]
    assert pace["failed"] == [0, 0, 0, 1, 0, 0]
    # the longest took 2 s: since 4 s a call may be open that has not told yet
    assert pace["open"] == [1, 1.5, 1, 0]


def test_what_the_header_does_not_count_is_left_out() -> None:
    warm, again = row(0, 0, step=9), row(1, 0, closes=False)
    assert calls_of(warm, again, row(2, 0)).calls == 1


def test_a_wait_is_between_segments() -> None:
    made = calls_of(row(0, 0.0), row(1, 1.0), row(2, 9.0, segment=1))
    assert [*made.waits()] == [(1.5, 9.0)]


def test_a_call_that_was_never_sent_has_no_mark() -> None:
    made = calls_of(row(0, 1.0), row(1, 0, outcome="dropped", started_at=None))
    assert (made.calls, made.unsent, len(made.marks.of_lane(0))) == (2, 1, 1)


def test_many_calls_have_few_marks_and_all_are_counted() -> None:
    marks = Marks()
    many = 20 * MOST_MARKS
    for n in range(many):
        outcome = "timeout_idle" if n % 100 == 0 else ""
        marks.add(n % 2, f"P{n % 3}", outcome, n / 10, 0.2)
    lanes = [marks.of_lane(target) for target in (0, 1)]
    assert not marks.singly
    assert sum(map(len, lanes)) <= 2 * 120 * 3 * 2
    assert sum(mark[4] for lane in lanes for mark in lane) == many
    assert marks.of_lane(0)[0][1] == pytest.approx(0.2, rel=0.01)


def test_providers_beyond_a_dozen_are_one() -> None:
    marks = Marks()
    for n in range(40):
        marks.add(0, f"P{n}", "", 0.0, None)
    marks.add(0, None, "", 0.0, None)
    assert len(marks.providers) == MOST_PROVIDERS + 1
    assert marks.providers[-1] == "others"
    assert {mark[2] for mark in marks.of_lane(0)} == {-1, *range(MOST_PROVIDERS + 1)}


def test_failures_are_grouped_without_their_numbers_and_end_at_fifty() -> None:
    failures = FailingGroups()
    for n in range(5):
        failures.add("rate_limited", f"429: request req-{n} of 20", 0, "A", f"0.{n}")
    for n in range(70):
        word = "x" * (n + 1)
        failures.add("refused", f"400: {word}", 1, None, f"1.{n}")
    first, *others = failures.ranked()
    assert (first.outcome, first.message, first.calls) == ("other", None, 21)
    assert others[0].message == "429: request # of #"
    assert [call for call, _ in others[0].examples] == ["0.0", "0.1", "0.2"]
    assert len(others) == 50


def both(pairs: int) -> list[Seen]:
    """Two targets in turn; the second takes about twice as long."""
    rows = []
    for pair in range(pairs):
        took_s = 0.5 + 0.01 * (pair * 7 % 5)
        more = {"prompt": pair}
        rows.append(row(2 * pair, pair, took_s, **more))
        rows.append(row(2 * pair + 1, pair, 2 * took_s, target=1, **more))
    return rows


def test_a_band_is_made_at_the_end_of_a_stretch_and_stays_till_the_next() -> None:
    bands = Bands(2, planned=40)  # a stretch is two pairs
    made = calls_of(*both(30), targets=2, bands=bands)
    found = bands.beside("ttft", 1, 0)
    assert found is not None
    assert (found.stretches, found.pairs) == (15, 30)
    assert found.low < 1 < found.high  # + 100 %
    made.add(row(60, 31, prompt=30))
    made.add(row(61, 31, target=1, prompt=30))
    assert bands.beside("ttft", 1, 0) is found


def test_a_band_counts_no_slot_that_has_an_open_one_before_it() -> None:
    bands = Bands(2, planned=40)
    late, *rest = both(30)
    calls_of(*rest, targets=2, bands=bands)
    assert bands.beside("ttft", 1, 0) is None
    bands.add(late)
    assert bands.beside("ttft", 1, 0) is not None


def test_the_sentence_claims_only_what_its_bands_say() -> None:
    early = calls_of(*both(3), targets=2, bands=Bands(2, planned=40))
    later = calls_of(*both(30), targets=2, bands=Bands(2, planned=40))
    said = [
        "".join(word.text for word in said_so_far(ranked_so_far(made, ["a/x", "b/y"])))
        for made in (early, later)
    ]
    assert said[0] == (
        "So far, x leads with 52.0 ms to the first token; no difference is shown yet."
    )
    assert said[1].startswith("So far, x answers first, after 5")
    ttft = ranked_so_far(later, ["a/x", "b/y"])[0]
    assert [rank.name for rank in ttft.found.ranks] == ["a/x", "b/y"]
    assert ttft.stands[1].differs
    assert ttft.stands[1].ratio == pytest.approx(2, rel=0.02)
