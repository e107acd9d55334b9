"""What a plan adds to each request, and what it may not."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.errors import UnknownPrice
from shared.money import Price, check_prices
from shared.plan import Plan, problems
from shared.settings.settings import Settings


def make(**fields: Any) -> Plan:
    whole = {"targets": [{"model": "a"}], "prompts": {"prompts": ["?"]}}
    return Plan.model_validate(whole | fields)


def test_a_number_that_json_has_not_is_refused_also_where_the_parser_takes_it() -> None:
    text = make().model_dump_json().replace('"extra":{}', '"extra":{"x":NaN}')
    with pytest.raises(ValidationError, match="JSON has no word for"):
        Plan.model_validate_json(text)


def test_fields_and_headers_that_are_free_are_taken() -> None:
    extra = {"top_p": 0.9, "reasoning": {"effort": "low"}, "provider": {"sort": "x"}}
    plan = make(extra=extra, extra_headers={"X-Sim-Fault": "html-502"})
    again = Plan.model_validate_json(plan.model_dump_json())
    assert (again.extra, again.extra_headers) == (extra, {"X-Sim-Fault": "html-502"})
    assert make().extra == make().extra_headers == {}


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        *(
            ({"extra": {name: 1}}, "extra", f"'{name}' cannot be set here")
            for name in (
                *("model", "messages", "stream", "max_tokens", "models", "route", "n"),
                *("max_completion_tokens", "stream_options", "temperature", "seed"),
                *("prompt", "input", "best_of"),
            )
        ),
        ({"extra": {"x": "y" * 16_384}}, "extra", "it has 16392 bytes as JSON"),
        ({"extra": [1]}, "extra", "should be an object"),
        (
            {
                "extra": {"provider": {}},
                "targets": [{"model": "a", "provider": "harbor"}],
            },
            "extra",
            "a@harbor is pinned to one",
        ),
        *(
            ({"extra_headers": {name: "x"}}, "extra_headers", sentence)
            for name, sentence in (
                ("Host", "is set by the client itself"),
                ("content-length", "is set by the client itself"),
                ("Transfer-Encoding", "is set by the client itself"),
                ("Content-Type", "is set by the client itself"),
                ("traceparent", "is set by the client itself"),
                ("Authorization", "looks like a secret"),
                ("Proxy-Authorization", "looks like a secret"),
                ("Cookie", "looks like a secret"),
                ("X-Api-Key", "looks like a secret"),
                ("api-key", "looks like a secret"),
                ("Bad Name", "is not a header name"),
                ("X:Y", "is not a header name"),
                ("", "is not a header name"),
            )
        ),
        *(
            ({"extra_headers": {"X-Upstream": value}}, "extra_headers", "holds a key")
            for value in ("Bearer x", "basic dXNlcjpwYXNz", "sk-or-v1-0123456789abcdef")
        ),
        (
            {"extra": {"litellm": {"via": ["sk-proj-0123456789abcdef"]}}},
            "extra",
            "holds a key",
        ),
        ({"extra_headers": {"X": "a\r\nHost: b"}}, "extra_headers", "printable ASCII"),
        ({"extra_headers": {"X": "ё"}}, "extra_headers", "printable ASCII"),
        ({"extra_headers": {"X": "x" * 1025}}, "extra_headers", "at most 1024"),
        ({"extra_headers": {"X": "1", "x": "2"}}, "extra_headers", "given twice"),
        (
            {"extra_headers": {f"X-{n}": "" for n in range(33)}},
            "extra_headers",
            "33 headers",
        ),
        (
            {"max_cost_usd": 1, "max_tokens_field": "none"},
            "max_cost_usd",
            "`max_tokens_field` is `none`",
        ),
        (
            {"max_cost_usd": 1, "extra": {"plugins": [{"id": "web"}]}},
            "max_cost_usd",
            "`plugins` may cost more than its tokens",
        ),
    ],
)
def test_what_is_not_a_plans_to_set_is_refused_with_the_reason(
    fields: dict[str, Any], path: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make(**fields)
    ((found, said),) = problems(refused.value)
    assert found == path
    assert sentence in said
    assert "sk-" not in said


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        ({"max_tokens_field": "none"}, {}),
        ({}, {"upstream_max_tokens_field": "none"}),
        ({"extra": {"service_tier": "priority"}}, {}),
    ],
)
def test_the_settings_ceiling_is_not_kept_by_a_price_that_bounds_nothing(
    plan: dict[str, Any], settings: dict[str, str]
) -> None:
    ours = Settings(max_cost_usd=1, **settings)
    with pytest.raises(UnknownPrice, match="costs at most, so no budget can be kept"):
        check_prices(make(**plan), [Price(1, 1, 0)], ours)
    check_prices(make(**plan), [Price(0, 0, 0)], ours)  # whatever is said, it is free
