"""OPENROUTER_BASE_URL: what is taken, and what to write instead of what is not."""

import pytest
from pydantic import ValidationError

from shared.settings.address import with_version
from shared.settings.settings import Settings


def base_url(written: str) -> str:
    return Settings(_env_file=None, openrouter_base_url=written).openrouter_base_url


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://[::1]/v1", "http://[::1]/v1"),
        ("HTTPS://gateway.test/a%20b/v1/", "https://gateway.test/a%20b/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        (" http://a.test/v1\n", "http://a.test/v1"),
        ("http://тест.рф/v1", "http://тест.рф/v1"),
        (
            "https://gw.test/acc/0a1b/openai/deployments/gpt",
            "https://gw.test/acc/0a1b/openai/deployments/gpt",
        ),
    ],
)
def test_an_address_is_taken_without_a_slash_at_its_end(
    written: str, taken: str
) -> None:
    assert base_url(written) == taken


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("localhost:8000/v1", "write http://localhost:8000/v1"),
        ("127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("[::1]:8000/v1", r"write http://\[::1\]:8000/v1"),
        ("vllm:8000/v1", "write http://vllm:8000/v1"),
        ("openrouter.ai/api/v1", "write https://openrouter.ai/api/v1"),
        ("//openrouter.ai/api/v1", "write https://openrouter.ai/api/v1"),
        ("ftp://a.test/v1", "write https://a.test/v1"),
        ("http:/a.test/v1", "write https://a.test/v1"),
        ("http://a.test/v1?key=1", "a query or a fragment.*write http://a.test/v1"),
        ("http://a.test/v1?", "write http://a.test/v1"),
        ("http://a.test/v1#x", "write http://a.test/v1"),
        ("http://a.test/v1/chat/completions", "one endpoint.*write http://a.test/v1"),
        ("http://a.test/v1/chat/completions/", "write http://a.test/v1"),
        ("http://a.test/v1/models", "write http://a.test/v1"),
        ("http://a.test//v1", "an empty part.*write http://a.test/v1"),
        ("http://a.test/v1//x/", "write http://a.test/v1/x"),
        ("http://", "names no host"),
        ("http://:8000/v1", "names no host"),
        ("http://a.test:99999/v1", "a port that is none"),
        ("http://a.test:0/v1", "a port that is none"),
        ("http://a.test:port/v1", "a port that is none"),
        ("http://[::1/v1", "names no host"),
        ("http://a b.test/v1", "a space"),
        ("http://a.test/ё/v1", "write http://a.test/%D1%91/v1"),
        ("a.test/v1?key=1", "must begin.*write https://a.test/v1"),
        ("http://a.test/v1\r\nHost: evil", "a space"),
    ],
)
def test_another_one_is_refused_with_what_to_write(written: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=f"(?i){sentence}"):
        base_url(written)


@pytest.mark.parametrize(
    "written",
    [
        *("http://me:hunter2@a.test/v1", "me:hunter2@a.test/v1", "x://a:hunter2@b"),
        *("https://hunter2@h/v1", "https://u:hunter2@h/v1"),
    ],
)
def test_a_password_in_it_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(ValidationError, match="OPENROUTER_API_KEY") as refused:
        base_url(written)
    assert "hunter2" not in str(refused.value)


def test_a_version_is_added_where_there_is_none() -> None:
    assert with_version("http://a.test:8000/llm") == "http://a.test:8000/llm/v1"
    for whole in ("http://a.test/v1", "http://a.test/api/v2", "http://a.test/v1beta"):
        assert with_version(whole) is None


@pytest.mark.parametrize(
    "written",
    [
        "sk-hunter2",
        "https://h/v1?key=hunter2",
        "https://h/v1#hunter2",
        "http://h:hunter2",
    ],
)
def test_what_may_be_a_key_in_the_wrong_place_is_not_repeated(written: str) -> None:
    with pytest.raises(ValidationError) as refused:
        base_url(written)
    assert "hunter2" not in str(refused.value)
