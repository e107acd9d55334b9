"""Bodies of `GET /generation`: leniency, and which fields are the billed ones."""

import pytest
from pydantic_core import to_json

from shared.money.reconciliation import Bill
from shared.upstream.generation import parse_generation

# as of November 2026
TOLD = {
    "id": "gen-1795420801-Qm3xT0vLw8bYc7RkZp2A",
    "provider_name": "DeepInfra",
    "tokens_prompt": 21,
    "tokens_completion": 118,
    "native_tokens_prompt": 17,
    "native_tokens_completion": 121,
    "native_tokens_reasoning": 64,
    "total_cost": 0.0012525,
    "usage": 0.0012525,
    "unheard_of": {},
}


def test_native_tokens_are_those_that_are_billed() -> None:
    assert parse_generation(to_json({"data": TOLD})) == Bill(
        cost_usd=0.0012525,
        provider="DeepInfra",
        prompt_tokens=17,
        output_tokens=121,
        reasoning_tokens=64,
    )


def test_what_is_missing_or_junk_is_unknown_and_zero_is_zero() -> None:
    said = {
        "total_cost": 0,
        "provider_name": None,
        "native_tokens_prompt": "17",
        "native_tokens_completion": 0,
    }
    assert parse_generation(to_json({"data": said})) == Bill(
        cost_usd=0.0, output_tokens=0
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data": null}'])
def test_a_body_without_a_generation_is_none(body: bytes) -> None:
    assert parse_generation(body) is None
