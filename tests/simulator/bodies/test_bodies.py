"""The bodies: numbers as JSON, and chunks built around their text."""

import json
from decimal import Decimal

import pytest

from simulator import bodies


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (Decimal("0"), b"0"),
        (Decimal("0.0000000000001"), b"0.0000000000001"),
        (Decimal("100"), b"100"),
        (Decimal("0.1") + Decimal("0.2"), b"0.3"),
        (bodies.Scientific("0.000014"), b"1.4e-05"),
    ],
)
def test_a_decimal_is_a_number_with_all_its_digits(
    number: Decimal, printed: bytes
) -> None:
    assert bodies.encode(number) == printed
    assert bodies.encode({"a": [number]}) == b'{"a":[' + printed + b"]}"


def test_a_chunk_built_around_its_text_equals_one_that_was_encoded_whole() -> None:
    head = bodies.Head("gen-1", 1, "acme/x")
    for text in ('"', "\n", "\u2028", "é", "\0", "</script>"):
        around = bodies.chunk_around(head, {"content": bodies.PIECE})
        whole = bodies.event(bodies.chunk(head, {"content": text}))
        assert bodies.quoted(text).join(around) == whole


def test_bodies_are_json_that_any_parser_reads() -> None:
    head = bodies.Head("gen-1", 1, "acme/x")
    usage = bodies.usage(3, 4, cost_usd=Decimal("0.00002"))
    whole = json.loads(bodies.encode(bodies.completion(head, content="é", usage=usage)))
    assert whole["usage"]["cost"] == 2e-05
    assert whole["choices"][0]["message"]["content"] == "é"
