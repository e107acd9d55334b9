"""Which models are offered of those that an upstream lists, and what was meant."""

from datetime import date

import pytest

from shared.settings.settings import Settings
from shared.upstream.catalogue import (
    base_id,
    near_matches,
    select,
)
from shared.upstream.model import Model, models_of

TODAY = date(2026, 11, 23)
DENY = Settings(_env_file=None).models_deny
TEXT = {"input_modalities": ["text"], "output_modalities": ["text"]}
FREE = {"prompt": "0", "completion": "0"}
PAID = {"prompt": "0.000001", "completion": "0.000002"}


def row(model_id: str, pricing: dict | None = None, **more: object) -> dict:
    listed = {"id": model_id, "architecture": TEXT} | more
    return listed if pricing is None else listed | {"pricing": pricing}


ROWS = [
    row("acme/orca-70b:free", FREE, canonical_slug="acme/orca-70b-20260811"),
    row("acme/orca-70b", PAID, canonical_slug="acme/orca-70b-20260811"),
    row("acme/Content-Safety-2:free", FREE),
    row("acme/gone:free", FREE, expiration_date="2026-11-01"),
    row("acme/tuba", PAID, architecture=TEXT | {"output_modalities": ["audio"]}),
    row("openrouter/auto", {"prompt": "-1", "completion": "-1"}),
    row("~acme/orca-latest", PAID),
]
MODELS = models_of(ROWS)


def ids(models: tuple[Model, ...]) -> list[str]:
    return [model.id for model in models]


def test_free_is_free_text_that_is_not_denied() -> None:
    assert ids(select(MODELS, "free", DENY, TODAY)) == ["acme/orca-70b:free"]
    assert select(MODELS, "free", ("*ORCA*", "*safety*"), TODAY) == ()
    allowed = ids(select(MODELS, "free", (), TODAY))
    assert allowed == ["acme/orca-70b:free", "acme/Content-Safety-2:free"]


def test_all_is_text_without_routers_and_the_deny_list_is_for_free_alone() -> None:
    assert ids(select(MODELS, "all", DENY, TODAY)) == [
        "acme/orca-70b:free",
        "acme/orca-70b",
        "acme/Content-Safety-2:free",
        "~acme/orca-latest",
    ]


def test_a_server_without_prices_offers_all_it_has() -> None:
    plain = models_of([{"id": "a"}, {"id": "llama-guard"}])
    assert ids(select(plain, "free", DENY, TODAY)) == ["a", "llama-guard"]


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("acme/orca", "acme/orca"),
        ("acme/orca:nitro", "acme/orca"),
        ("acme/orca:free:floor", "acme/orca:free"),
        ("acme/orca:online:exacto", "acme/orca"),
        ("acme/orca:free", "acme/orca:free"),
        ("acme/orca:thinking", "acme/orca:thinking"),
        ("acme/orca:extended", "acme/orca:extended"),
        ("acme/orca:beta", "acme/orca:beta"),
        ("nitro", "nitro"),
        ("", ""),
    ],
)
def test_only_routing_suffixes_are_taken_off(asked: str, listed: str) -> None:
    assert base_id(asked) == listed


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("acme/orca-70b:fre", "acme/orca-70b:free"),
        ("ACME/ORCA-70B", "acme/orca-70b"),
        ("orca-70b", "acme/orca-70b"),
        ("akme/orca-70b", "acme/orca-70b"),
        ("meta/orca-70b:free", "acme/orca-70b:free"),
        ("content-safety", "acme/Content-Safety-2:free"),
    ],
)
def test_what_was_probably_meant_comes_first(typed: str, nearest: str) -> None:
    assert near_matches(typed, MODELS)[0] == nearest


def test_nothing_is_near_to_nonsense() -> None:
    assert near_matches("zzzzzz", MODELS) == ()
    assert near_matches("", MODELS) == ()
    assert len(near_matches("a", MODELS)) == 3
