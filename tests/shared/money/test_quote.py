"""What a plan will ask, cost and take, worked by hand."""

from decimal import Decimal

import pytest

from shared.money import Price
from shared.money.limits import Limit
from shared.money.quote import Headroom, Quote, quote
from shared.plan import Plan

PRICE = Price(Decimal("0.000001"), Decimal("0.00001"), Decimal("0.001"))
MINUTE_S = 60.5


def a_plan(calls: int = 10, models: int = 1, **more: object) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": f"a/m{i}:free"} for i in range(models)],
            "prompts": {"prompts": ["Say it"]},
            "runs": calls,
            "max_tokens": 100,
            **more,
        }
    )


def of(
    plan: Plan,
    *,
    prices: list[Price | None] | None = None,
    limit: Limit | None = None,
    used_today: int = 0,
    used_minute: int = 0,
    means: dict[str, float] | None = None,
) -> Quote:
    limits = {}
    if limit is not None:
        limits = {limit.name: Headroom(limit, used_today, used_minute, 3600.0)}
    return quote(
        plan,
        prices or [None] * len(plan.targets),
        limits=limits,
        limits_of=[tuple(limits)] * len(plan.targets),
        max_cost_usd=None,
        mean_output_tokens=means or {},
    )


def test_the_worst_cost_is_that_of_every_call_at_its_worst() -> None:
    found = of(a_plan(10), prices=[PRICE])
    assert found.calls == 10
    # (6 bytes + 256 + 16) x 1 + 100 x 10 micro-USD, and 1000 for the call: 2278
    assert found.worst_usd == pytest.approx(10 * 0.002278)


def test_prompts_of_several_lengths_and_caps_are_added_up() -> None:
    prompts = {"prompts": ["Say it", {"prompt": "Say", "max_tokens": 7}]}
    found = of(a_plan(3, prompts=prompts), prices=[PRICE])
    # each three times: 2278, and (3 + 272) + 7 x 10 + 1000 = 1345 micro-USD
    assert found.calls == 6
    assert found.worst_usd == pytest.approx(3 * (0.002278 + 0.001345))


def test_the_expected_cost_says_what_it_is_guessed_from() -> None:
    plan = a_plan(10)
    unseen = of(plan, prices=[PRICE])
    # 6 // 4 = 1 prompt token, 100 of answer, the call: 1 + 1000 + 1000 micro-USD
    assert unseen.expected_usd == pytest.approx(10 * 0.002001)
    assert "none of this model was seen" in (unseen.targets[0].expected_from or "")
    seen = of(plan, prices=[PRICE], means={"a/m0:free": 20.0})
    assert seen.expected_usd == pytest.approx(10 * 0.001201)
    assert "of 20 tokens" in (seen.targets[0].expected_from or "")
    # no answer is longer than it may be
    long = of(plan, prices=[PRICE], means={"a/m0:free": 2000.0})
    assert long.expected_usd == unseen.expected_usd


def test_what_is_not_known_is_not_guessed() -> None:
    found = of(a_plan(10, models=2), prices=[PRICE, None])
    assert (found.worst_usd, found.expected_usd) == (None, None)
    assert found.targets[0].worst_usd is not None
    assert found.targets[1].expected_from is None
    timed = a_plan(1, load={"concurrency": 4, "duration_s": 60})
    found = of(timed, prices=[PRICE])
    assert (found.calls, found.worst_usd, found.takes_s) == (None, None, 60)


@pytest.mark.parametrize(
    ("calls", "used_minute", "windows"),
    [
        (20, 0, 0),  # all of them now
        (21, 0, 1),
        (120, 0, 5),  # 20 now, and 20 after each of five minutes
        (20, 1, 1),  # one was sent just now
    ],
)
def test_calls_a_minute_make_it_so_many_minutes(
    calls: int, used_minute: int, windows: int
) -> None:
    free = Limit("free", per_minute=20)
    found = of(a_plan(calls), limit=free, used_minute=used_minute)
    assert found.takes_s == windows * MINUTE_S
    assert found.limits[0].calls == calls


def test_calls_a_day_make_it_so_many_midnights_and_minutes() -> None:
    # 38 are left today; 262 more take five days of 50 and 12 of the sixth
    free = Limit("free", per_minute=20, per_day=50)
    found = of(a_plan(300), limit=free, used_today=12)
    (limit,) = found.limits
    assert limit.left_today == 38
    assert limit.takes_s == 3600 + 5 * 86_400
    # 312 - 38 - 5 x 50 = 24: on the last day there is a minute to wait for
    found = of(a_plan(312), limit=free, used_today=12)
    assert found.limits[0].takes_s == 3600 + 5 * 86_400 + MINUTE_S


def test_a_limit_counts_the_calls_of_its_targets_alone() -> None:
    plan = a_plan(30, models=2)
    limit = Limit("free", per_minute=20)
    found = quote(
        plan,
        [None, None],
        limits={"free": Headroom(limit, 0, 0, 3600.0)},
        limits_of=[("free",), ()],
        max_cost_usd=None,
        mean_output_tokens={},
    )
    assert (found.calls, found.limits[0].calls) == (60, 30)
