"""How often an interval misses its own truth, on drawn runs of two equal targets.

The truth of a statement is not always 0: a router that moves during the run makes a
true difference in these minutes, which is none beyond them.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from shared.comparison import PairVerdict
from tests.shared.comparison.by_hand import calls, metric, pair

RUNS = 400


@dataclass(frozen=True)
class Drawn:
    """How runs are drawn; variances as shares of sd squared."""

    prompts: int
    repetitions: int
    sd: float = 0.3
    of_target_and_prompt: float = 0.0
    router: float = 0.0
    """Two providers, so much above and below the mean; it changes after about 50 calls,
    of each target by itself."""
    a_is: float = 0.0

    def run(self, rng: np.random.Generator) -> tuple[PairVerdict, float, float]:
        """A comparison, its truth in these minutes, and that of these prompts."""
        n = self.prompts * self.repetitions
        prompt = np.arange(n) % self.prompts
        shared = rng.normal(0, self.sd * 0.3**0.5, self.prompts)[prompt]
        sides, drifts, own = [], [], []
        for target in range(2):
            share = self.of_target_and_prompt**0.5
            mixed = rng.normal(0, self.sd * share, self.prompts)[prompt]
            switched = np.cumsum(rng.random(n) < 1 / 50) + rng.integers(2)
            drift = np.where(switched % 2, 1, -1) * self.router
            rest = self.sd * (0.7 - self.of_target_and_prompt) ** 0.5
            noise = rng.normal(0, rest, n)
            level = self.a_is if target == 0 else 0.0
            ttft_s = np.exp(level + shared + mixed + drift + noise)
            sides.append(calls(ttft_s, prompts=self.prompts))
            drifts.append(drift.mean() + level)
            own.append((mixed + drift).mean() + level)
        found = pair(*sides, planned=n)
        return found, drifts[0] - drifts[1], own[0] - own[1]


def missed(drawn: Drawn, seed: int) -> tuple[float, float]:
    """The shares of runs in which the interval misses: in these minutes, beyond."""
    rng = np.random.default_rng(seed)
    near = far = 0
    for _ in range(RUNS):
        found, moment, own = drawn.run(rng)
        ttft = metric("ttft", found)
        assert ttft.minutes is not None
        truth = moment if ttft.minutes.about == "prompts like these" else own
        low, high = np.log1p([ttft.minutes.low, ttft.minutes.high])
        near += not low <= truth <= high
        if ttft.beyond is not None:
            far += not ttft.beyond.low <= np.expm1(drawn.a_is) <= ttft.beyond.high
    return near / RUNS, far / RUNS


@pytest.mark.parametrize(
    ("drawn", "most_beyond"),
    [
        (Drawn(20, 10), 0.06),
        (Drawn(20, 10, sd=0.8), 0.06),
        (Drawn(100, 3, of_target_and_prompt=0.1), 0.08),
        (Drawn(20, 30, of_target_and_prompt=0.1), 0.09),
        (Drawn(5, 30, of_target_and_prompt=0.1), 0.0),  # too few pairs for beyond
        (Drawn(20, 10, router=0.2), 0.14),
        (Drawn(20, 50, router=0.2), 0.10),
        (Drawn(1, 300, router=0.2), 0.12),
    ],
    ids=str,
)
def test_an_interval_misses_its_own_truth_as_often_as_it_says(
    drawn: Drawn, most_beyond: float
) -> None:
    near, far = missed(drawn, seed=1)
    assert 0.005 <= near <= 0.085  # 5 %, and what 400 draws may be off by
    assert far <= most_beyond


def test_ten_percent_are_found_and_named_the_right_way_round() -> None:
    rng = np.random.default_rng(2)
    words = []
    for _ in range(RUNS):
        found, *_ = Drawn(20, 10, a_is=float(np.log(0.9))).run(rng)
        said = metric("ttft", found).minutes
        assert said is not None
        words.append(said.word)
    assert words.count("better") / RUNS > 0.8
    assert words.count("worse") == 0
