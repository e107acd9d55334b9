"""What a planned look says of the questions that were asked beforehand."""

import numpy as np
import pytest

from shared.comparison.compare import at_look, compare
from shared.comparison.contest import Contest
from shared.comparison.looks import LOOKS, Look, LookAnswer
from tests.shared.comparison.by_hand import calls, entrant, metric, pair

EARLY, _, LAST = LOOKS


def noise(seed: int, n: int, sd: float = 0.1) -> list[float]:
    return list(np.exp(np.random.default_rng(seed).normal(0, sd, n)))


def looked(
    *ratios: float, n: int = 40, look: Look = EARLY, asked: str = "ttft", **more: float
) -> LookAnswer:
    """Targets that differ by these ratios, each with noise of its own; 10 prompts."""
    entrants = tuple(
        entrant("abc"[seed], calls([ratio * v for v in noise(seed, n)], prompts=10))
        for seed, ratio in enumerate(ratios)
    )
    names = frozenset(asked.split(","))
    found = at_look(Contest(entrants, planned=n, look=look, asked=names, **more))
    assert found is not None
    return found


def test_all_questions_must_be_answered() -> None:
    # three targets, of which the second and the third are alike
    found = looked(1.0, 2.0, 2.0)
    assert [(each.a, each.b, each.word) for each in found.answers] == [
        ("a", "b", "better"),
        ("a", "c", "better"),
        ("b", "c", "cannot_tell"),
    ]
    assert not found.decided
    assert found.words == (
        "At look 1 of 3, after 20 of 40 planned pairs: 2 of 3 questions answered."
    )
    assert looked(1.0, 2.0).decided


def test_only_what_was_asked_is_to_be_answered() -> None:
    # of success nothing differs, and 20 pairs cannot show that it is equivalent
    assert looked(1.0, 2.0, asked="ttft").decided
    assert not looked(1.0, 2.0, asked="ttft,success").decided


def test_the_statement_that_counts_is_chosen_by_the_plan_alone() -> None:
    assert looked(1.0, 2.0, n=199).scope == "minutes"
    beyond = looked(1.0, 2.0, n=200)
    assert (beyond.scope, beyond.decided, beyond.pairs) == ("beyond", True, 100)


def test_the_margin_is_that_of_the_plan() -> None:
    # equal but for noise of 10 %: some 3 % to each side at the end
    assert [
        looked(9.0, 9.0, n=199, look=LAST, margin=m).decided for m in (0.005, 0.5)
    ] == [
        False,
        True,
    ]


def test_an_early_interval_is_as_wide_as_its_level_asks() -> None:
    a, b = calls(noise(1, 40), prompts=10), calls(noise(2, 40), prompts=10)
    early = metric("ttft", pair(a, b, planned=80, look=EARLY)).minutes
    late = metric("ttft", pair(a, b, planned=40)).minutes
    assert early is not None
    assert late is not None
    width = [np.log1p(e.high) - np.log1p(e.low) for e in (early, late)]
    # t with 9 degrees of freedom: 4.781 at 99.9 %, 2.262 at 95 %
    assert width[0] / width[1] == pytest.approx(4.781 / 2.262, rel=0.001)


def test_what_was_asked_beforehand_pays_for_nothing_else() -> None:
    entrants = tuple(
        entrant(name, calls(noise(seed, 40), prompts=10))
        for seed, name in enumerate("abc")
    )
    verdicts, _ = compare([Contest(entrants, asked=frozenset({"ttft"}))])
    own = sorted(
        (said.p, said.p_holm)
        for verdict in verdicts
        if (said := metric("ttft", verdict).minutes) is not None
    )
    # Holm over the three pairs of ttft alone: the smallest p three times
    assert own[0][1] == pytest.approx(min(1, own[0][0] * 3))
