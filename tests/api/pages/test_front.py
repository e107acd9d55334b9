"""The line of the Pareto front: through targets that are told apart, and no others."""

import pytest

from api.page_data import PageData
from api.page_data.make import page_data
from api.page_data.records import Interval
from api.pages.figures import value
from api.pages.figures.front import front
from shared.comparison import MetricName, front_of
from tests import made
from tests.shared.comparison.test_front import Given, compared


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> PageData:
    folder = tmp_path_factory.mktemp("front")
    plan = made.plan_of(made.SWIFT, made.LARK, made.SAGE, made.ORCA)
    return page_data(folder, made.keep(folder, plan))


def told(
    data: PageData, given: Given, *open_: tuple[str, str, MetricName]
) -> list[str]:
    """Who is joined."""
    shown = arranged(data, given, *open_)
    return [shown.targets[group.target] for group in front(shown)]


def arranged(
    data: PageData, given: Given, *open_: tuple[str, str, MetricName]
) -> PageData:
    """Targets so named, of which the comparison says this."""
    groups = [group for group in data.groups if group.whole][: len(given)]
    placed = []
    for group, (_, latency_s, usd) in zip(groups, given.values(), strict=True):
        middle = group.times["latency"]["p50"].model_copy(update={"point": latency_s})
        times = {**group.times, "latency": {"p50": middle}}
        cost = None if usd is None else Interval(value=usd)
        placed.append(
            group.model_copy(update={"times": times, "usd_per_1000_good": cost})
        )
    verdicts = tuple(compared(given, *open_))
    assert data.comparison is not None
    found = data.comparison.model_copy(
        update={"verdicts": verdicts, "front": front_of(verdicts)}
    )
    return data.model_copy(
        update={"targets": tuple(given), "groups": placed, "comparison": found}
    )


def test_a_line_joins_trades_and_leaves_out_who_is_beaten(four: PageData) -> None:
    given: Given = {"A": (1, 3, 1), "B": (1, 1, 4), "C": (1, 2, 2), "D": (1, 3, 5)}
    assert told(four, given) == ["B", "C", "A"]


def test_no_line_goes_through_points_that_cannot_be_told_apart(four: PageData) -> None:
    given: Given = {"A": (1, 3, 1), "B": (1, 1, 4), "C": (1, 2, 2)}
    assert told(four, given, ("B", "C", "cost"), ("B", "C", "latency")) == []
    assert told(four, {"A": (1, 1, 2), "B": (1, 2, 1)}, ("A", "B", "cost")) == []


def test_who_is_on_the_front_for_its_quality_alone_is_not_on_the_line(
    four: PageData,
) -> None:
    given: Given = {"A": (0.9, 3, 1), "B": (0.9, 1, 4), "C": (1, 4, 6)}
    assert told(four, given) == ["B", "A"]


def test_the_figure_has_the_line_as_a_stair(four: PageData) -> None:
    given: Given = {"A": (1, 3, 0), "B": (1, 1, 4)}
    drawn = value(arranged(four, given))
    assert drawn is not None
    (line,) = (one for one in drawn["data"] if one["mode"] == "lines")
    assert (line["x"], line["y"]) == ([1.0, 3.0], [4.0, 0.0])
    assert line["line"]["shape"] == "hv"
    alike = value(arranged(four, given, ("A", "B", "latency")))
    assert alike is not None
    assert all(one["mode"] == "markers" for one in alike["data"])
