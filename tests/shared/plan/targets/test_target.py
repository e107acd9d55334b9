"""Whom a plan asks: options of its own, preferences of routing, and its label."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from shared.errors import UnknownPrice
from shared.money import Budget, Costs, Price, check_prices
from shared.plan import Plan, Target, Work, problems
from shared.settings import Settings


def plan_of(*targets: dict[str, Any], **fields: Any) -> Plan:
    prompts = {"prompts": ["?", {"prompt": "Why?", "max_tokens": 64}]}
    return Plan.model_validate({"targets": targets, "prompts": prompts, **fields})


def problem_of(*targets: dict[str, Any], **fields: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        plan_of(*targets, **fields)
    return problems(caught.value)[0]


def test_the_word_of_a_target_is_over_the_prompt_s_and_that_over_the_plan_s() -> None:
    plan = plan_of({"model": "a", "max_tokens": 9}, {"model": "b"}, max_tokens=512)
    own, plain = plan.targets
    short, long = (plan.prompts.prompt(number) for number in (1, 0))
    assert plan.most_tokens(own, short) == plan.most_tokens(own, long) == 9
    assert (plan.most_tokens(plain, short), plan.most_tokens(plain, long)) == (64, 512)


def test_the_options_of_a_target_are_laid_over_those_of_the_plan() -> None:
    own = {"model": "a", "temperature": 0, "extra": {"top_p": 0.5}}
    plan = plan_of(own, {"model": "b"}, temperature=1, extra={"top_p": 1, "top_k": 3})
    first, second = plan.targets
    assert (plan.temperature_of(first), plan.temperature_of(second)) == (0, 1)
    assert plan.extra_of(first) == {"top_p": 0.5, "top_k": 3}
    assert plan.extra_of(second) == {"top_p": 1, "top_k": 3}


def test_one_model_is_asked_in_two_ways_where_their_labels_differ() -> None:
    plan = plan_of({"model": "a"}, {"model": "a", "name": "a, 9", "max_tokens": 9})
    assert [target.label() for target in plan.targets] == ["a", "a, 9"]
    assert [target.asks for target in plan.targets] == ["a", "a"]
    path, said = problem_of({"model": "a"}, {"model": "a", "max_tokens": 9})
    assert (path, said) == (
        "targets",
        "two targets would be shown as a; give one of them a `name` of its own",
    )
    taken = {"model": "b", "name": "a"}
    assert "two targets would be shown as a;" in problem_of({"model": "a"}, taken)[1]
    assert "named twice" in problem_of({"model": "a"}, {"model": "a"})[1]


@pytest.mark.parametrize("name", ["two\nlines", "a\x1b[2Jb", " ", "a ", "x" * 101])
def test_a_name_is_one_printable_line(name: str) -> None:
    assert problem_of({"model": "a", "name": name})[0] == "targets[0].name"


def test_a_target_without_options_is_read_as_it_was_before_there_were_any() -> None:
    old = Plan.model_validate_json(
        '{"targets":[{"model":"a","provider":null},{"model":"a","provider":"p"}],'
        '"prompts":{"kind":"inline","prompts":["?"]}}'
    )
    assert old.targets == (Target(model="a"), Target(model="a", provider="p"))
    assert [target.label() for target in old.targets] == ["a", "a@p"]


def test_what_a_plan_protects_a_target_does_not_set_either() -> None:
    path, said = problem_of({"model": "a", "extra": {"messages": []}})
    assert path == "targets[0].extra"
    assert "'messages' cannot be set here" in said
    secret = {"model": "a", "extra": {"x": "sk-or-v1-" + "0" * 32}}
    assert "key by its looks" in problem_of(secret)[1]


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        ({"routing": {}}, "targets[0].routing", "it says nothing"),
        ({"routing": {"sort": "prices"}}, "targets[0].routing.sort", "`price`"),
        ({"routing": {"max_price": {}}}, "targets[0].routing.max_price", "give"),
        ({"routing": {"order": []}}, "targets[0].routing.order", "it is empty"),
        (
            {"routing": {"max_price": {"prompt": -1}}},
            "targets[0].routing.max_price.prompt",
            "greater than or equal to 0",
        ),
        ({"routing": {"sortt": "price"}}, "targets[0].routing.sortt", "`sort`"),
        (
            {"routing": {"sort": "price"}, "provider": "p"},
            "targets[0]",
            "leaves nothing to route",
        ),
        (
            {"routing": {"sort": "price"}, "extra": {"provider": {}}},
            "targets[0]",
            "beside `routing`",
        ),
    ],
)
def test_routing_that_cannot_be_meant_is_refused(
    fields: dict[str, Any], path: str, sentence: str
) -> None:
    found = problem_of({"model": "a", **fields})
    assert found[0] == path
    assert sentence in found[1]


def test_a_plan_does_not_contradict_the_routing_of_a_target() -> None:
    routed = {"model": "a", "routing": {"sort": "price"}}
    path, said = problem_of(routed, extra={"provider": {"only": ["p"]}})
    assert (path, said) == (
        "extra",
        "'provider' cannot be set here: a has `routing` of its own",
    )


def test_routing_is_said_in_openrouter_s_words() -> None:
    routing = {"sort": "latency", "max_price": {"prompt": 1, "completion": 2.5}}
    target = plan_of({"model": "a", "routing": routing}).targets[0]
    assert target.routing is not None
    assert target.routing.said() == routing


def test_a_budget_is_kept_by_the_longest_answer_of_each_target() -> None:
    plan = plan_of(
        {"model": "a", "max_tokens": 9}, {"model": "b"}, {"model": "a", "name": "c"}
    )
    # a token of an answer costs 1 USD, all else nothing
    prices = [Price(Decimal(0), Decimal(1), Decimal(0))] * 3
    costs = Costs(plan, prices, Budget(1, None))
    each = [costs.worst_nano(Work(target, 0, 0)) for target in range(3)]
    assert each == [9 * 10**9, 512 * 10**9, 512 * 10**9]


def test_what_may_cost_beside_tokens_keeps_a_budget_from_its_target_alone() -> None:
    dear = {"model": "a", "name": "with tools", "extra": {"tools": []}}
    path, said = problem_of({"model": "a"}, dear, max_cost_usd=1)
    assert (path, "`tools`" in said) == ("max_cost_usd", True)
    plan = plan_of({"model": "a"}, dear)
    with pytest.raises(UnknownPrice, match="a call of with tools costs"):
        check_prices(plan, [Price(1, 1, 0)] * 2, Settings(max_cost_usd=1))
    check_prices(plan, [Price(1, 1, 0), Price(0, 0, 0)], Settings(max_cost_usd=1))
