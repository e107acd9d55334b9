"""Which limits a call falls under."""

from typing import Any

from shared.money.limits import Limit, account_of, limits_of
from shared.settings.settings import Settings


def a_setting(**given: Any) -> Settings:
    return Settings.model_validate(given)


def test_free_calls_of_openrouter_are_20_a_minute() -> None:
    assert limits_of("a/b:free", a_setting()) == (Limit("free", per_minute=20),)
    assert limits_of("openrouter/free", a_setting()) == (Limit("free", per_minute=20),)
    assert limits_of("a/b", a_setting()) == ()


def test_a_server_of_ones_own_has_no_limit_unless_it_is_told_one() -> None:
    local = {"openrouter_base_url": "http://127.0.0.1:8080/v1"}
    assert limits_of("a/b:free", a_setting(**local)) == ()
    told = a_setting(**local, free_calls_per_minute=5)
    assert limits_of("a/b:free", told) == (Limit("free", per_minute=5),)


def test_ones_own_limits_hold_for_all_calls() -> None:
    given = a_setting(max_calls_per_day=7, max_calls_in_flight=2)
    own = Limit("all", per_day=7, in_flight=2)
    assert limits_of("a/b", given) == (own,)
    assert limits_of("a/b:free", given) == (Limit("free", per_minute=20), own)


def test_an_account_is_named_by_its_key_and_no_key_is_in_the_name() -> None:
    one, other = (
        account_of(a_setting(openrouter_api_key=key)) for key in ("sk-one", "sk-other")
    )
    assert one != other
    assert "sk" not in one
    assert len(one) == 16
