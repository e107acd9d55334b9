"""Further upstreams of a file: what is read, what is refused, and what is whose."""

from pathlib import Path

import pytest

from shared.errors import Misconfigured, MissingKey
from shared.money import account_of, limits_of
from shared.settings import Settings
from shared.settings.credentials import Wrong
from shared.settings.of_upstream import OfUpstream
from shared.settings.upstreams import read
from shared.startup import checks
from tests.origins import upstreams_file

WHOLE = """
[vendor]
base_url = "https://models.example/v1/"
kind = "openai"
key_env = "VENDOR_TEST_KEY"
headers = { X-Team = "search" }
limits = { per_minute = 7, in_flight = 2 }
max_tokens_field = "max_completion_tokens"
[vendor.prices."a b"]
prompt = 0.15
completion = 1

[local]
base_url = "http://127.0.0.1:8001/v1"
key_file = "local.key"
ca_file = "ca.pem"
"""
OURS = {
    "openrouter_api_key": "sk-or-v1-ours",
    "upstream_kind": "openrouter",
    "upstream_proxy": "http://ann:password@proxy.test:3128",
    "upstream_ca_file": "ours.pem",
    "upstream_max_tokens_field": "none",
    "upstream_stream_options": "off",
    "free_limits": "off",
    "free_calls_per_minute": 3,
    "free_calls_per_day": 4,
    "max_calls_per_minute": 5,
    "max_calls_per_day": 6,
    "max_calls_in_flight": 7,
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VENDOR_TEST_KEY", "vendor-key-of-a-test")
    (tmp_path / "local.key").write_text("local-key-of-a-test\n")
    named = {"upstreams_file": upstreams_file(tmp_path, WHOLE)}
    return Settings.model_validate(OURS | named)


def test_each_upstream_has_what_its_table_says_and_nothing_of_another(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.upstream_names == ("default", "vendor", "local")
    vendor, local = settings.at("vendor"), settings.at("local")
    assert [each.api_key() for each in (settings, vendor, local)] == [
        "sk-or-v1-ours",
        "vendor-key-of-a-test",
        "local-key-of-a-test",
    ]
    assert vendor.openrouter_base_url == "https://models.example/v1"
    (limit,) = limits_of("a:free", vendor)
    assert (limit.name, limit.per_minute, limit.in_flight) == ("all", 7, 2)
    assert limits_of("a:free", local) == ()
    assert vendor.upstream_headers == {"X-Team": "search"}
    assert local.upstream_headers == {}
    assert local.upstream_ca_file == tmp_path / "ca.pem"
    assert len({account_of(each) for each in (settings, vendor, local)}) == 3
    # whatever is set for ours is not of the others, unless their table says so
    told = {"openrouter_base_url", "upstreams_file"}
    of_local = {*told, "openrouter_api_key_file", "upstream_ca_file"}
    for name in OfUpstream.model_fields.keys() - of_local:
        assert getattr(local, name) == OfUpstream.model_fields[name].default, name
    assert set(OURS) | of_local == set(OfUpstream.model_fields), "each is set here"
    assert local.redis_url == settings.redis_url
    with pytest.raises(KeyError):
        settings.at("nobody")


def test_no_secret_of_any_upstream_is_shown(settings: Settings) -> None:
    assert set(settings.secrets()) == {
        "sk-or-v1-ours",
        "password",
        "vendor-key-of-a-test",
        "local-key-of-a-test",
    }
    shown = repr(settings) + repr(settings.at("vendor")) + repr(settings.at("local"))
    assert not any(secret in shown for secret in settings.secrets())


def test_a_key_that_is_named_and_not_there_is_missed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VENDOR_TEST_KEY")
    with pytest.raises(MissingKey, match="Set VENDOR_TEST_KEY, then start again"):
        settings.at("vendor").require_key()
    vendor, local = checks.named(settings)
    assert (vendor.level, local.level) == ("warn", "bad")  # there is no ca.pem
    assert "VENDOR_TEST_KEY is not set" in vendor.sentence
    monkeypatch.setenv("VENDOR_TEST_KEY", '"quoted"')
    with pytest.raises(Misconfigured, match=r"VENDOR_TEST_KEY: it begins or ends"):
        settings.at("vendor").api_key()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('base_urll = "http://a.test"', "line 2: x.base_urll: There is no such field."),
        ('base_urll = "http://a.test"', "Did you mean `base_url`?"),
        ('api_key = "abc"', "line 2: x.api_key: a key has no place in this file"),
        ('base_url = "sk-or-v1-0123456789ab"', "line 2: it holds a key by its looks"),
        ('base_url = "a.test"', "line 2: x.base_url: it must begin with http://"),
        ('base_url = "http://a:b@c.test"', "name its variable with `key_env`"),
        ('base_url = "http://a.test"\nkey_env = "A B"', "not the name of a variable"),
        (
            'base_url = "http://a.test"\nkey_env = "A"\nkey_file = "b"',
            "leave one of them out",
        ),
        (
            'base_url = "http://a.test"\nlimits = { per_minut = 1 }',
            "line 3: x.limits.per_minut: There is no such field. Did you mean",
        ),
        (
            'base_url = "http://a.test"\nheaders = { Authorization = "x" }',
            "line 3: x.headers: 'Authorization' looks like a secret",
        ),
        (
            'base_url = "http://a.test"\nproxy = "http://u:hidden@p.test:1"',
            "name that with `proxy_env`",
        ),
        ('base_url = "http://a.test"\n[x.prices.m]\nprompt = -1', "line 3"),
        ('base_url = "http://a.test', "is no TOML"),
        ('base_url = "http://a.test"\n[default]', "`default` is the upstream of"),
        ('base_url = "http://a.test"\n[Big]', "line 3: a name has small letters"),
        ('base_url = "http://a.test"\nkind = "openruter"', "Did you mean `openrouter`"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_no_value(
    tmp_path: Path, table: str, said: str
) -> None:
    path = Path(upstreams_file(tmp_path, f"[x]\n{table}\n"))
    with pytest.raises(Wrong) as caught:
        read(path)
    assert said in str(caught.value)
    assert caught.value.setting == "UPSTREAMS_FILE"
    for secret in ("abc", "0123456789ab", "hidden"):
        assert secret not in str(caught.value)


def test_a_file_that_is_named_has_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPSTREAMS_FILE", str(tmp_path / "none.toml"))
    found, (check,) = checks.read()
    assert found is None
    assert check.line.startswith("UPSTREAMS_FILE: ")
    assert "cannot be read (No such file or directory)" in check.line
    monkeypatch.delenv("UPSTREAMS_FILE")
    monkeypatch.chdir(tmp_path)
    assert Settings().upstream_names == ("default",)
    upstreams_file(tmp_path, '[near]\nbase_url = "http://127.0.0.1:1/v1"\n')
    assert Settings().upstream_names == ("default", "near")


def test_the_example_can_be_read() -> None:
    example = Path(__file__).parents[3] / "examples" / "upstreams.toml"
    assert sorted(read(example)) == ["gateway", "openai", "vllm"]


def test_two_names_of_one_address_and_key_are_one_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which has one allowance, whatever it is called; another key is another."""
    monkeypatch.setenv("A_TEST_KEY", "key-of-a-test")
    monkeypatch.setenv("B_TEST_KEY", "another-key-of-a-test")
    table = (
        """[{}]\nbase_url = "{}"\nkey_env = "{}"\nlimits = {{ per_minute = {} }}\n"""
    )
    named = (
        ("one", "https://models.example/v1", "A_TEST_KEY", 5),
        ("same", "https://models.example", "A_TEST_KEY", 9),  # its /v1 will be found
        ("other", "https://models.example/v1", "B_TEST_KEY", 5),
    )
    text = "".join(table.format(*each) for each in named)
    settings = Settings.model_validate(
        {"upstreams_file": upstreams_file(tmp_path, text)}
    )
    one, same, other = (settings.at(name) for name, *_ in named)
    assert account_of(one) == account_of(same) != account_of(other)
    kept = [limits_of("a/b", each)[0].per_minute for each in (one, same, other)]
    assert kept == [5, 9, 5]
    alike = Settings.model_validate(
        {
            "openrouter_base_url": "https://models.example/v1",
            "openrouter_api_key": "key-of-a-test",
        }
    )
    assert account_of(alike) == account_of(one)
