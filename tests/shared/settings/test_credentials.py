"""Keys and addresses that cannot be used: told so, and never shown."""

from collections.abc import Callable

import pytest

from shared.settings import credentials
from shared.settings.credentials import Wrong

SECRET = "c4naryc4nary"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (f"sk-{SECRET}\n{SECRET}", "more than one line"),
        (f"sk-{SECRET}\r{SECRET}", "more than one line"),
        (f'"sk-{SECRET}"', "quotation mark"),
        (f"'sk-{SECRET}", "quotation mark"),
        (f"\u201csk-{SECRET}\u201d", "quotation mark"),
        (f"sk-{SECRET}\u00ab", "quotation mark"),
        (f"Bearer sk-{SECRET}", "begins with `Bearer`"),
        (f"authorization: bearer sk-{SECRET}", "begins with `Bearer`"),
        (f"OPENROUTER_API_KEY=sk-{SECRET}", "name of the variable"),
        (f"sk-{SECRET} {SECRET}", "a space"),
        (f"sk-{SECRET}\t{SECRET}", "a space or a control character"),
        (f"sk-{SECRET}\x00", "a space or a control character"),
        (f"sk-\u043e{SECRET}", "outside ASCII"),  # a Cyrillic o
        (f"sk-{SECRET}\u2014{SECRET}", "outside ASCII"),
        (f"sk-{SECRET}\u200b{SECRET}", "outside ASCII"),  # a space without width
        ("sk-" + SECRET * 400, "4803 characters"),
    ],
)
def test_a_key_that_cannot_be_sent_is_told_by_what_is_wrong(
    key: str, said: str
) -> None:
    with pytest.raises(Wrong, match=said) as wrong:
        credentials.check_key(key)
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize("key", ["sk-or-v1-0123", "a=b/c+d==", "bearerless", "x"])
def test_a_key_of_visible_ascii_is_taken(key: str) -> None:
    credentials.check_key(key)


Check = Callable[[str], None]
STORE, PROXY = credentials.check_store, credentials.check_proxy


@pytest.mark.parametrize(
    ("check", "url", "said"),
    [
        (STORE, SECRET, "redis://"),
        (STORE, f"http://:{SECRET}@h/0", "redis://"),
        (STORE, f"redis:{SECRET}", "redis://"),
        (STORE, f"redis://:{SECRET}/x@h:1/0", "cannot be understood"),
        (STORE, f"redis://u:1/{SECRET}@h:1/0", "an @ stands after the host"),
        (STORE, f"redis://:1#{SECRET}@h:1/0", "an @ stands after the host"),
        (STORE, f"redis://:1?{SECRET}@h:1/0", "an @ stands after the host"),
        (STORE, f"redis://:[{SECRET}@h:1/0", "cannot be understood"),
        (STORE, f"redis://:{SECRET}\u2100@h:1/0", "cannot be understood"),
        (STORE, f"redis://:{SECRET} {SECRET}@h:1/0", "cannot be understood"),
        (STORE, f"redis://:{SECRET}@h:99999/0", "cannot be understood"),
        (STORE, f"redis://:{SECRET}@h:0/0", "cannot be understood"),
        (STORE, f"redis://:{SECRET}@/0", "names no host"),
        (STORE, f"redis://:{SECRET}@h:1/{SECRET}", "must be a number"),
        (STORE, f"redis://:{SECRET}@h:1?db={SECRET}", "must be a number"),
        (STORE, f"unix://:{SECRET}/s@/tmp/s", "names no socket"),
        (STORE, f"unix://:{SECRET}@/", "names no socket"),
        (PROXY, SECRET, "http://"),
        (PROXY, f"socks5://u:{SECRET}@h:1", "http://"),
        (PROXY, f"http://u:{SECRET}/x@h:1", "cannot be understood"),
        (PROXY, f"http://u:1/{SECRET}@h:1", "an @ stands after the host"),
        (PROXY, f"http://u:{SECRET}@h:{SECRET}", "cannot be understood"),
        (PROXY, f"http://u:{SECRET}@:1", "names no host"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_by_what_is_wrong(
    check: Check, url: str, said: str
) -> None:
    with pytest.raises(Wrong, match=said) as wrong:
        check(url)
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize(
    ("check", "url"),
    [
        (STORE, "redis://h"),
        (STORE, "redis://ann:p%2Fw@h:6379/15"),
        (STORE, "rediss://:p@ss@h/0?ssl_cert_reqs=none"),
        (STORE, "redis://[::1]:6379?db=1"),
        (STORE, "unix:///tmp/s?db=0"),
        (STORE, "unix://ann:x@/tmp/s"),
        (PROXY, "http://proxy.example:3128"),
        (PROXY, "http://u:p%40w@proxy"),
    ],
)
def test_an_address_that_can_be_used_is_taken(check: Check, url: str) -> None:
    check(url)


def test_passwords_are_found_as_they_stand_and_as_they_are_sent() -> None:
    found = credentials.passwords("redis://ann:p%2Fw@h:6379/15")
    assert sorted(found) == ["p%2Fw", "p/w"]
    assert credentials.passwords("http://token@proxy:1") == ("token",)
    assert credentials.passwords("redis://h") == ()
    assert credentials.passwords(None) == ()


@pytest.mark.parametrize("text", ["Бенчмарк", "two\nlines", "\u2014"])
def test_a_header_is_of_visible_ascii(text: str) -> None:
    with pytest.raises(Wrong, match="header"):
        credentials.check_header(text)
