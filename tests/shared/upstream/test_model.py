"""Rows of a catalogue: what is understood of them, and what a call may cost."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.money import Price
from shared.upstream.model import (
    Model,
    fits,
    is_free_text,
    is_text,
    least_tokens,
    models_of,
    parse_models,
    prices,
)

TODAY = date(2026, 11, 23)

ORCA_FREE = {
    "id": "acme/orca-70b-instruct:free",
    "canonical_slug": "acme/orca-70b-instruct-20260811",
    "name": "Acme: Orca 70B Instruct (free)",
    "created": 1786406400,
    "context_length": 131072,
    "architecture": {
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "tokenizer": "Llama3",
    },
    "pricing": {"prompt": "0", "completion": "0"},
    "top_provider": {"context_length": 65536, "max_completion_tokens": None},
    "supported_parameters": ["max_tokens", "seed"],
    "expiration_date": "2026-12-15",
}
AUTO = {
    "id": "openrouter/auto",
    "pricing": {"prompt": "-1", "completion": "-1"},
    "architecture": {
        "input_modalities": ["text", "image"],
        "output_modalities": ["text", "image"],
        "tokenizer": "Router",
    },
    "context_length": 2000000,
    "top_provider": {"context_length": None, "max_completion_tokens": None},
}
TUBA = {
    "id": "acme/tuba-music-preview",
    "pricing": {"prompt": "0", "completion": "0"},
    "architecture": {
        "input_modalities": ["text"],
        "output_modalities": ["text", "audio"],
        "tokenizer": "Other",
    },
}
ORCA_PRO = {
    "id": "acme/orca-pro",
    "pricing": {
        "prompt": "0.0000025",
        "completion": "0.00001",
        "input_cache_read": "0.00000025",
        "web_search": "0.01",
        "overrides": [
            {
                "min_prompt_tokens": 200000,
                "prompt": "0.000005",
                "completion": "0.000015",
            }
        ],
    },
    "reasoning": {"mandatory": True},
}


def row(**more: object) -> dict:
    return ORCA_FREE | more


def model(raw: dict) -> Model:
    (parsed,) = models_of([raw])
    return parsed


def architecture(**more: object) -> dict:
    return ORCA_FREE["architecture"] | more


def test_a_row_is_read() -> None:
    assert model(ORCA_FREE) == Model(
        id="acme/orca-70b-instruct:free",
        name="Acme: Orca 70B Instruct (free)",
        canonical_slug="acme/orca-70b-instruct-20260811",
        context_length=65536,
        longest_context=131072,
        prompt_usd_per_mtok=0.0,
        completion_usd_per_mtok=0.0,
        listed_usd=(Decimal(0), Decimal(0)),
        price=Price(Decimal(0), Decimal(0), Decimal(0)),
        free=True,
        input_modalities=("text",),
        output_modalities=("text",),
        expires=date(2026, 12, 15),
        created=1786406400,
        supported_parameters=("max_tokens", "seed"),
    )


def test_a_router_has_no_price() -> None:
    auto = model(AUTO)
    assert auto.router
    assert auto.prompt_usd_per_mtok is None
    assert prices(auto) is None
    assert auto.price is None


def test_prices_are_exact_and_shown_per_million() -> None:
    pro = model(ORCA_PRO)
    assert prices(pro) == (Decimal("0.0000025"), Decimal("0.00001"))
    assert (pro.prompt_usd_per_mtok, pro.completion_usd_per_mtok) == (2.5, 10.0)


def test_a_price_is_that_of_the_dearest_condition() -> None:
    dear = Price(Decimal("0.000005"), Decimal("0.000015"), Decimal(0))
    assert model(ORCA_PRO).price == dear
    pricing = ORCA_PRO["pricing"] | {"request": "0.5", "internal_reasoning": "0.01"}
    dearer = dear._replace(completion=Decimal("0.01"), request=Decimal("0.5"))
    assert model(ORCA_PRO | {"pricing": pricing}).price == dearer


@pytest.mark.parametrize(
    ("raw", "free"),
    [
        (ORCA_FREE, True),
        (row(expiration_date=None), True),
        (row(expiration_date="2026-11-23"), True),
        (row(expiration_date="2026-11-22"), False),
        (row(pricing={"prompt": "0.0", "completion": "0E-9", "discount": 1}), True),
        (row(pricing={"prompt": "0", "completion": "0", "image": None}), True),
        (AUTO, False),
        (TUBA, False),
        (ORCA_PRO, False),
        (row(id="acme/orca-70b-instruct"), False),
        (row(id="openrouter/owl-alpha"), False),
        (row(pricing={"prompt": "0", "completion": "0.000001"}), False),
        (row(pricing={"prompt": "0", "completion": "0", "request": "0.08"}), False),
        (row(pricing={"prompt": "0"}), False),
        (row(pricing={"prompt": "nought", "completion": "0"}), False),
        (
            row(
                pricing={
                    "prompt": "0",
                    "completion": "0",
                    "overrides": [{"utc_start": "0900", "prompt": "0"}],
                }
            ),
            True,
        ),
        (
            row(
                pricing={
                    "prompt": "0",
                    "completion": "0",
                    "overrides": [{"utc_start": "0900", "prompt": "0.000001"}],
                }
            ),
            False,
        ),
        (row(architecture=architecture(input_modalities=["text", "image"])), True),
        (row(architecture=architecture(input_modalities=["image"])), False),
        (row(architecture=architecture(output_modalities=["text", "audio"])), False),
        (row(architecture=architecture(tokenizer="Router")), False),
    ],
)
def test_free_text_is_told_from_what_only_looks_so(raw: dict, free: bool) -> None:
    assert is_free_text(model(raw), TODAY) is free


def test_text_models_answer_with_text_alone() -> None:
    assert is_text(model(ORCA_FREE))
    assert is_text(model({"id": "local"}))
    assert not is_text(model(TUBA))
    assert not is_text(model(AUTO))


def test_a_plain_server_lists_little_and_that_is_enough() -> None:
    body = (
        b'{"object":"list","data":[{"id":"m","object":"model","max_model_len":4096}]}'
    )
    (plain,) = parse_models(body)
    assert (plain.id, plain.name, plain.context_length) == ("m", "m", 4096)
    assert prices(plain) is None
    assert not plain.free


def test_rows_that_make_no_sense_are_left_out_or_unknown() -> None:
    rows = [None, 7, {}, {"id": ""}, {"id": 3}, {"id": "x" * 201}, {"id": "a"}]
    rows += [{"id": "a", "name": "again"}, {"id": "b", "context_length": "many"}]
    rows += [{"id": "c", "pricing": [], "architecture": "", "top_provider": 1}]
    assert [(m.id, m.name) for m in models_of(rows)] == [
        ("a", "a"),
        ("b", "b"),
        ("c", "c"),
    ]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data":null}', b"3"])
def test_a_body_without_a_list_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_models(body)


def test_least_tokens_is_below_what_any_tokenizer_makes() -> None:
    assert least_tokens("") == 0
    assert least_tokens("one two three") == 2  # ceil(3 words / 2)
    assert least_tokens("x" * 129) == 2  # ceil(129 bytes / 128)
    assert least_tokens("Г" * 64) == 1  # 128 bytes


def test_only_what_is_certainly_too_long_does_not_fit() -> None:
    orca = model(ORCA_FREE)
    assert fits(orca, 131072 - 512, 512)  # the model's 131072, not the provider's
    assert not fits(orca, 131072 - 511, 512)
    assert fits(model({"id": "unknown"}), 10**9, 512)


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from([*ORCA_FREE, "pricing", "reasoning"]),
        JUNK | st.dictionaries(st.sampled_from(["prompt", "overrides"]), JUNK),
    )
)
def test_no_row_raises(raw: dict) -> None:
    for parsed in models_of([raw | {"id": "a"}]):
        is_free_text(parsed, TODAY)
        to_json(parsed)


@pytest.mark.parametrize(
    ("pricing", "usd_per_mtok"),
    [
        ({"prompt": "0.0006", "completion": "0.0006"}, 600.0),
        ({"prompt": 2.5e-06, "completion": 1e-05}, 2.5),
        ({"prompt": 0.2, "completion": 0.6}, None),  # of a million, at other servers
        ({"prompt": "0.05", "completion": "0.1"}, None),
    ],
)
def test_a_price_in_another_unit_is_unknown_and_not_a_million_times_too_high(
    pricing: dict[str, object], usd_per_mtok: float | None
) -> None:
    (found,) = models_of([{"id": "a", "pricing": pricing}])
    assert found.prompt_usd_per_mtok == usd_per_mtok
    assert (found.price is None) == (prices(found) is None) == (usd_per_mtok is None)
