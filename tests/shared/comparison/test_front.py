"""The front of quality, latency and cost, from words that are given."""

from itertools import combinations

from shared.comparison import Front, MetricVerdict, PairVerdict, Side, front_of
from shared.comparison.records import MetricName, Statement, Word

Given = dict[str, tuple[float, float, float | None]]
"""Target -> success, latency in seconds, USD."""


def statement(word: Word) -> Statement:
    return Statement(
        about="these prompts",
        estimate=0,
        low=0,
        high=0,
        p=0,
        p_holm=0,
        word=word,
        sentence="",
    )


def compared(
    given: Given, *open_: tuple[str, str, MetricName], quality: MetricName = "success"
) -> list[PairVerdict]:
    """Every two, told apart wherever they differ, but for those that are open."""
    names: tuple[MetricName, ...] = (quality, "latency", "cost")
    found = []
    for a, b in combinations(given, 2):
        metrics = []
        for place, name in enumerate(names):
            mine, its = given[a][place], given[b][place]
            word: Word = "equivalent"
            if mine is not None and its is not None and mine != its:
                word = "better" if (mine < its) is (place > 0) else "worse"
            if (a, b, name) in open_:
                word = "cannot_tell"
            metrics.append(verdict(name, mine, its, word))
        found.append(
            PairVerdict(
                a=Side(job_id="J", target=a),
                b=Side(job_id="J", target=b),
                paired=True,
                pairs=100,
                token_ratio=None,
                metrics=tuple(metrics),
                sentence="",
            )
        )
    return found


def verdict(
    name: MetricName, a: float | None, b: float | None, word: Word
) -> MetricVerdict:
    return MetricVerdict(
        metric=name,
        a=a,
        b=b,
        n=100,
        prompts=5,
        margin=None,
        minutes=statement(word),
        beyond=None,
    )


def front(
    given: Given, *open_: tuple[str, str, MetricName], quality: MetricName = "success"
) -> Front:
    found = front_of(compared(given, *open_, quality=quality))
    assert found is not None
    return found


def on(found: Front) -> list[str]:
    return [point.side.target for point in found.points if point.on_front]


def test_who_is_best_in_something_is_on_it_and_who_is_beaten_in_all_is_not() -> None:
    found = front({"A": (1, 1, 3), "B": (0.9, 2, 1), "C": (0.9, 3, 2)})
    assert on(found) == ["A", "B"]
    assert [side.target for side in found.points[2].ruled_out_by] == ["B"]
    assert found.sentence == (
        "On the front of success, latency and cost per good answer: A, B. Not on it: C,"
        " since B is better in latency and cost per good answer, and not worse in the"
        " rest."
    )


def test_nobody_is_ruled_out_by_a_difference_that_was_not_shown() -> None:
    given: Given = {"A": (1, 1, 1), "B": (1, 2, 1)}
    assert on(front(given)) == ["A"]
    found = front(given, ("A", "B", "latency"))
    assert on(found) == ["A", "B"]
    assert [side.target for side in found.points[0].alike] == ["B"]
    assert found.sentence.endswith("A, B. Nothing tells A and B apart.")


def test_who_may_be_better_in_something_stays() -> None:
    # B seems to succeed more often, and nothing tells whether it does
    given: Given = {"A": (0.9, 1, 1), "B": (1, 2, 2)}
    assert on(front(given, ("A", "B", "success"))) == ["A", "B"]
    # nor does it seem so
    level: Given = {"A": (1, 1, 1), "B": (1, 2, 2)}
    assert on(front(level, ("A", "B", "success"))) == ["A"]


def test_the_pass_rate_takes_the_place_of_success() -> None:
    found = front({"A": (1, 1, 1), "B": (0.5, 1, 1)}, quality="pass_rate")
    assert found.metrics == ("pass_rate", "latency", "cost")
    assert on(found) == ["A"]


def test_a_metric_that_one_has_not_is_left_out() -> None:
    given: Given = {"A": (1, 1, None), "B": (1, 2, 1)}
    found = front(given)
    assert found.metrics == ("success", "latency")
    assert found.points[0].values == {"success": 1, "latency": 1}


def test_words_that_contradict_each_other_rule_nobody_out() -> None:
    # each is told better than the next in another metric, and equal in the rest
    given: Given = {"A": (1, 1, 1), "B": (1, 1, 1), "C": (1, 1, 1)}
    found = compared(given)
    circle: tuple[tuple[int, int, Word], ...] = (
        *((0, 0, "better"), (1, 2, "worse"), (2, 1, "better")),
    )
    for pair, place, word in circle:
        metrics = list(found[pair].metrics)
        told = metrics[place].model_copy(update={"minutes": statement(word)})
        metrics[place] = told
        found[pair] = found[pair].model_copy(update={"metrics": tuple(metrics)})
    made = front_of(found)
    assert made is not None
    assert on(made) == ["A", "B", "C"]


def test_two_metrics_are_the_least() -> None:
    nothing = [
        pair.model_copy(update={"metrics": pair.metrics[:1]})
        for pair in compared({"A": (1, 1, 1), "B": (1, 1, 1)})
    ]
    assert front_of(nothing) is None
    assert front_of([]) is None
