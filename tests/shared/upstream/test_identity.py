"""Whom a row asked, and with which key, without a secret in it."""

import pytest

from shared.upstream.identity import key_print, upstream_of


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("http://me:secret@up.example/v1", "http://up.example/v1"),
        ("https://up.example/v1?key=secret#x", "https://up.example/v1"),
        ("https://UP.example:443/v1/", "https://up.example/v1"),
        ("http://up.example:80", "http://up.example"),
        ("http://up.example:443/V1", "http://up.example:443/V1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_an_upstream_is_named_by_what_tells_it_from_another(
    base_url: str, name: str
) -> None:
    assert upstream_of(base_url) == name


def test_a_print_tells_keys_of_one_run_apart_and_nothing_else() -> None:
    one, other = key_print("sk-one", "JOB"), key_print("sk-two", "JOB")
    assert one == key_print("sk-one", "JOB")
    assert len({one, other, key_print(None, "JOB")}) == 3
    assert key_print("sk-one", "ANOTHER") != one, "runs cannot be compared"
    # so short that thousands of wrong keys have the same
    assert len(one) == 4
    assert any(key_print(str(n), "JOB") == one for n in range(1_000_000))
